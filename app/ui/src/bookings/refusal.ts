// Why something cannot be booked, in words that say what to do instead.

import type { ApiProblem } from "../api/client";
import { i18n } from "../i18n";
import { problemText } from "../shell/tell";

export function refusalText(problem: ApiProblem): string {
  const { t, te } = i18n.global;
  const key = `bookings.refused.${String(problem.extra.reason ?? "")}`;
  return te(key, "zh-CN") ? t(key) : problemText(problem);
}
