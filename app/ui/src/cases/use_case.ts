// One case: read it, take a step on it, keep up with what others did meanwhile.

import { onScopeDispose, ref, shallowRef } from "vue";

import { api, ApiProblem } from "../api/client";
import { i18n } from "../i18n";
import { problemText } from "../shell/tell";
import type { Case, StepTaken } from "./types";

/** A call's ticket may be on its way to the store; so often it is asked for again. */
const RETRY_MS = 900;
const ATTEMPTS = 12;

/** Why a step is refused, in the reader's language. */
export function refusalText(problem: ApiProblem): string {
  return problem.kind === "stale" ? i18n.global.t("cases.stale") : problemText(problem);
}

export function useCase(number: () => string, live = false) {
  const one = shallowRef<Case | null>(null);
  const fault = shallowRef<ApiProblem | null>(null);
  /** After a step of one's own the case may be out of one's sight. */
  const gone = ref(false);
  let attempts = 0;
  let timer: number | undefined;
  let over = false;
  onScopeDispose(() => {
    over = true;
    window.clearTimeout(timer);
  });

  async function read(): Promise<void> {
    const wanted = number();
    try {
      const found = await api.get<Case>(`/api/tickets/${wanted}/case`);
      if (over || wanted !== number()) return;
      one.value = found;
      fault.value = null;
    } catch (problem) {
      if (!(problem instanceof ApiProblem)) throw problem;
      if (over || wanted !== number()) return;
      if (live && problem.status === 404 && ++attempts < ATTEMPTS) timer = window.setTimeout(read, RETRY_MS);
      else fault.value = problem;
    }
  }

  /** Throws ApiProblem; when it was stale, the case is the current one already. */
  async function take(step: string, fields: Record<string, unknown>): Promise<void> {
    const before = one.value;
    if (!before) return;
    try {
      const taken = await api.post<StepTaken>(`/api/tickets/${before.number}/steps`, { step, version: before.version, ...fields });
      one.value = taken.case;
      gone.value = taken.case === null;
    } catch (problem) {
      if (problem instanceof ApiProblem && problem.kind === "stale") {
        if (problem.extra.current) one.value = problem.extra.current as Case;
        else await read();
      }
      throw problem;
    }
  }

  return { one, fault, gone, read, take };
}
