// Why something cannot be booked, in words that say what to do instead.

import { ApiProblem } from "../api/client";
import { i18n } from "../i18n";
import { problemText } from "../shell/tell";

export function refusalText(problem: ApiProblem): string {
  const { t, te } = i18n.global;
  const key = `bookings.refused.${String(problem.extra.reason ?? "")}`;
  return te(key, "zh-CN") ? t(key) : problemText(problem);
}

/** A key that makes a request that is sent twice one booking. Not randomUUID: that one is missing without https. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
