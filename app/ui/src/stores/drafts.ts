// What was typed into tickets and not saved yet. Kept per ticket, so that a new call, a lost session or a reload costs no word.

import { defineStore } from "pinia";
import { computed, ref, watch } from "vue";

import type { TicketFields } from "../tickets/fields";

const KEPT = "sanxiang.drafts";

interface Kept {
  owner: string;
  drafts: Record<string, Partial<TicketFields>>;
}

function read(): Kept {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? '{"owner": "", "drafts": {}}') as Kept;
}

export const useDrafts = defineStore("drafts", () => {
  const kept = ref<Kept>(read());
  const numbers = computed(() => Object.keys(kept.value.drafts));

  watch(kept, (all) => sessionStorage.setItem(KEPT, JSON.stringify(all)), { deep: true });

  /** Drafts are one person's: whoever logs in next at this desk doesn't see them. */
  function belongTo(owner: string): void {
    if (kept.value.owner !== owner) kept.value = { owner, drafts: {} };
  }

  /** Keeps what differs from the saved ticket; nothing different, nothing kept. */
  function keep(number: string, changed: Partial<TicketFields>): void {
    if (Object.keys(changed).length === 0) delete kept.value.drafts[number];
    else kept.value.drafts[number] = { ...changed };
  }

  function of(number: string): Partial<TicketFields> {
    return kept.value.drafts[number] ?? {};
  }

  function has(number: string): boolean {
    return number in kept.value.drafts;
  }

  return { numbers, belongTo, keep, of, has };
});
