// Parties and categories of the site (GET /api/matters), read once for whoever is logged in.

import { shallowRef, watch } from "vue";

import { api, ApiProblem } from "../api/client";
import { useWords } from "../i18n";
import { useSession } from "../stores/session";
import type { Matters } from "./types";

const matters = shallowRef<Matters | null>(null);
let readFor = "";

export function useMatters() {
  const session = useSession();
  const { titleOf } = useWords();

  async function read(): Promise<void> {
    const who = session.user?.name ?? "";
    if (!who || who === readFor) return;
    readFor = who;
    try {
      const found = await api.get<Matters>("/api/matters");
      if (readFor === who) matters.value = found;
    } catch (problem) {
      if (!(problem instanceof ApiProblem)) throw problem;
      readFor = "";
    }
  }

  /** "客服热线"; a party that the site has no more by its id. */
  function partyTitle(id: string | null | undefined): string {
    if (!id) return "";
    return titleOf(matters.value?.parties.find((one) => one.id === id)) || id;
  }

  watch(() => session.user?.name, read, { immediate: true });
  return { matters, partyTitle, read };
}
