// The flow behind the ticket form: read, edit, merge a colleague's change, save with the version check. The screen is TicketForm.vue.

import { computed, onScopeDispose, reactive, ref, watch, type Ref } from "vue";

import { api, ApiProblem } from "../api/client";
import type { TicketDetail } from "../api/types";
import { useDesk } from "../stores/desk";
import { useDrafts } from "../stores/drafts";
import {
  changedFields,
  changeOf,
  conflictingFields,
  EMPTY_FIELDS,
  savedFields,
  suggestedFields,
  type FieldName,
  type TicketFields,
} from "./fields";

/** A ticket of a call that has just arrived may be on its way to the store; so often it is asked for again. */
const RETRY_MS = 700;
const MISSING_AFTER_ATTEMPTS = 12;

type Reading = "loading" | "registering" | "ready" | "missing" | "refused";
export type SaveOutcome = "saved" | "nothing" | "merged" | "conflict" | "failed";

export interface TicketFormOptions {
  number: string;
  /** The ticket belongs to a call going on now: wait for it instead of calling it missing. */
  live: boolean;
  /** What the customer's card says, to fill empty fields with. */
  known: Partial<TicketFields>;
}

export function useTicketForm(options: TicketFormOptions) {
  const { number, live, known } = options;
  const drafts = useDrafts();
  const desk = useDesk();
  const path = `/api/tickets/${encodeURIComponent(number)}`;

  const ticket: Ref<TicketDetail | null> = ref(null);
  const reading = ref<Reading>("loading");
  const problem = ref<ApiProblem | null>(null);
  const saving = ref(false);
  const conflicts = ref<FieldName[]>([]);
  const faults = ref<Partial<Record<FieldName, string>>>({});
  const edited = reactive<TicketFields>({ ...EMPTY_FIELDS, ...suggestedFields(EMPTY_FIELDS, known), ...drafts.of(number) });

  const saved = computed(() => (ticket.value ? savedFields(ticket.value) : EMPTY_FIELDS));
  /** As the form looks when nobody has typed anything. */
  const untouched = computed(() => ({ ...saved.value, ...suggestedFields(saved.value, known) }));
  const typed = computed(() => changedFields(untouched.value, edited));
  const dirty = computed(() => Object.keys(typed.value).length > 0);

  let attempts = 0;
  let timer: number | undefined;
  let gone = false;
  onScopeDispose(() => {
    gone = true;
    window.clearTimeout(timer);
  });

  async function load(): Promise<void> {
    try {
      const answer = await api.get<TicketDetail>(path);
      if (!gone) take(answer);
    } catch (fault) {
      if (!(fault instanceof ApiProblem)) throw fault;
      if (!gone) notRead(fault);
    }
  }

  function notRead(fault: ApiProblem): void {
    problem.value = fault;
    attempts += 1;
    const absent = fault.status === 404;
    if (fault.status === 401 || fault.status === 403) reading.value = "refused";
    else if (absent && (!live || attempts >= MISSING_AFTER_ATTEMPTS)) reading.value = "missing";
    else {
      reading.value = "registering";
      timer = window.setTimeout(load, absent ? RETRY_MS : RETRY_MS * 3);
    }
  }

  /** Puts a ticket as the server has it under what was typed here; fields changed on both sides become conflicts. */
  function take(now: TicketDetail): boolean {
    const before = saved.value;
    const mine = typed.value;
    const first = ticket.value === null;
    ticket.value = now;
    conflicts.value = first ? [] : conflictingFields(before, saved.value, mine);
    Object.assign(edited, untouched.value, mine);
    reading.value = "ready";
    problem.value = null;
    return conflicts.value.length === 0;
  }

  function settle(name: FieldName, keep: "mine" | "theirs"): void {
    if (keep === "theirs") Object.assign(edited, { [name]: saved.value[name] });
    conflicts.value = conflicts.value.filter((one) => one !== name);
  }

  function discard(): void {
    Object.assign(edited, untouched.value);
    conflicts.value = [];
    faults.value = {};
  }

  async function save(): Promise<SaveOutcome> {
    if (!ticket.value || saving.value || conflicts.value.length > 0) return "conflict";
    const changed = changedFields(saved.value, edited);
    if (Object.keys(changed).length === 0) return "nothing";
    saving.value = true;
    try {
      return await send(changed, true);
    } finally {
      saving.value = false;
    }
  }

  async function send(changed: Partial<TicketFields>, mayMerge: boolean): Promise<SaveOutcome> {
    faults.value = {};
    const version = ticket.value?.version ?? 0;
    try {
      const answer = await api.patch<TicketDetail>(path, changeOf(version, changed));
      const since = changedFields({ ...saved.value, ...changed }, edited);
      ticket.value = answer;
      Object.assign(edited, untouched.value, since);
      problem.value = null;
      return "saved";
    } catch (fault) {
      if (!(fault instanceof ApiProblem)) throw fault;
      return await refused(fault, mayMerge);
    }
  }

  async function refused(fault: ApiProblem, mayMerge: boolean): Promise<SaveOutcome> {
    if (fault.kind === "stale") {
      const current = (fault.extra.current as TicketDetail | undefined) ?? (await api.get<TicketDetail>(path));
      if (!take(current)) return "conflict";
      if (!mayMerge) return "failed";
      const outcome = await send(changedFields(saved.value, edited), false);
      return outcome === "saved" ? "merged" : outcome;
    }
    problem.value = fault;
    faults.value = Object.fromEntries(fault.fieldFaults.map((one) => [one.field, one.message]));
    return "failed";
  }

  watch(typed, (changed) => drafts.keep(number, changed));
  watch(
    () => desk.ticketVersions[number],
    (version) => {
      if (version !== undefined && ticket.value && version > ticket.value.version && !saving.value) void load();
    },
  );
  watch(
    () => desk.connection,
    (state) => {
      if (state === "up" && reading.value === "ready") void load();
    },
  );
  void load();

  return { ticket, reading, problem, saving, conflicts, faults, edited, dirty, load, save, settle, discard, saved };
}
