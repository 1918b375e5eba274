// A list that is read page by page; an answer to an older question is dropped.

import { ref, shallowRef } from "vue";

import { api, ApiProblem } from "../api/client";
import type { Page } from "../api/types";

type Query = Record<string, string | number | null | undefined>;

export function usePaged<T, P extends Page<T> = Page<T>>(path: string, query: () => Query) {
  const items = shallowRef<T[] | null>(null);
  const page = shallowRef<P | null>(null);
  const next = ref<string | null>(null);
  const fault = shallowRef<ApiProblem | null>(null);
  const busy = ref(false);
  let turn = 0;

  async function read(after: string | null = null): Promise<void> {
    const mine = ++turn;
    busy.value = true;
    if (!after) fault.value = null;
    try {
      const found = await api.get<P>(path, { ...query(), after });
      if (mine !== turn) return;
      items.value = after ? [...(items.value ?? []), ...found.items] : found.items;
      page.value = found;
      next.value = found.next;
      fault.value = null;
    } catch (problem) {
      if (!(problem instanceof ApiProblem)) throw problem;
      if (mine === turn) fault.value = problem;
    } finally {
      if (mine === turn) busy.value = false;
    }
  }

  return { items, page, next, fault, busy, read };
}
