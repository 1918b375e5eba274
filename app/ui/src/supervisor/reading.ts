// A list that reads itself: at once, every few seconds while it is on screen, and on demand.

import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";

import { api, ApiProblem } from "../api/client";
import type { Page } from "../api/types";

const REFRESH_MS = 5_000;

export function useReading<T>(path: string, query: Record<string, string | number>) {
  const items = ref(null) as Ref<T[] | null>;
  const fault = ref<ApiProblem | null>(null);
  let timer: number | undefined;
  let gone = false;

  async function read(): Promise<void> {
    window.clearTimeout(timer);
    try {
      items.value = (await api.get<Page<T>>(path, query)).items;
      fault.value = null;
    } catch (problem) {
      if (!(problem instanceof ApiProblem)) throw problem;
      fault.value = problem;
    } finally {
      if (!gone) timer = window.setTimeout(read, REFRESH_MS);
    }
  }

  onMounted(read);
  onBeforeUnmount(() => {
    gone = true;
    window.clearTimeout(timer);
  });
  return { items, fault, read };
}
