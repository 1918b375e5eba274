// Reads the list or, when something is looked for, the search: one shape for the table.

import { computed, ref, shallowRef, type Ref } from "vue";

import { api, ApiProblem } from "../api/client";
import type { Page, Schemas, Ticket } from "../api/types";
import { instantOf } from "../site_time";

export type Piece = Schemas["PieceOut"];
export type Line = Schemas["FoundOut"];

export const NAMES = ["q", "kind", "state", "line", "agent", "since", "until"] as const;
export type Wanted = Partial<Record<(typeof NAMES)[number], string>>;

const A_DAY_MS = 86_400_000;
const PAGE = 50;

/** What the page's address says, as the API wants it: local dates become the instants between which it looks. */
function query(wanted: Wanted, zone: string): Record<string, string | undefined> {
  const { since, until, ...rest } = wanted;
  return {
    ...rest,
    since: since && new Date(instantOf(`${since} 00:00`, zone)).toISOString(),
    until: until && new Date(instantOf(`${until} 00:00`, zone) + A_DAY_MS).toISOString(),
  };
}

export function useTickets(wanted: Ref<Wanted>, zone: () => string) {
  const lines = shallowRef<Line[] | null>(null);
  const next = ref<string | null>(null);
  const fault = shallowRef<ApiProblem | null>(null);
  const busy = ref(false);
  let turn = 0;

  async function page(after: string | null): Promise<Page<Line>> {
    const asked = { ...query(wanted.value, zone()), limit: PAGE, after };
    if (wanted.value.q) return api.get<Page<Line>>("/api/search", asked);
    const found = await api.get<Page<Ticket>>("/api/tickets", asked);
    return { ...found, items: found.items.map((ticket) => ({ ticket, snippet: [] })) };
  }

  async function read(after: string | null = null): Promise<void> {
    const mine = ++turn;
    busy.value = true;
    try {
      const found = await page(after);
      if (mine !== turn) return; // somebody typed on
      lines.value = after ? [...(lines.value ?? []), ...found.items] : found.items;
      next.value = found.next;
      fault.value = null;
    } catch (problem) {
      if (!(problem instanceof ApiProblem)) throw problem;
      if (mine === turn) fault.value = problem;
    } finally {
      if (mine === turn) busy.value = false;
    }
  }

  const narrowed = computed(() => Object.values(wanted.value).some(Boolean));
  return { lines, next, fault, busy, narrowed, read };
}
