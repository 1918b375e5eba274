// How near a deadline is: what it says and in which tone. Pure.

import type { Instant } from "../api/types";

export type Tone = "late" | "near" | "calm" | "still";

export interface Due {
  due_at: Instant | null;
  started_at?: Instant | null;
  /** By the server: some of the people were told already. */
  warned?: boolean;
}

const NEAR_MS = 2 * 3_600_000;
const NEAR_SHARE = 0.8;
const MINUTE_MS = 60_000;

/** Red when it has passed; amber when 80 % are used or less than two hours are left; grey while it stands still. */
export function toneOf({ due_at: dueAt, started_at: startedAt, warned }: Due, now: number): Tone {
  if (!dueAt) return "still";
  const left = Date.parse(dueAt) - now;
  if (left <= 0) return "late";
  const whole = startedAt ? Date.parse(dueAt) - Date.parse(startedAt) : 0;
  const used = whole > 0 ? 1 - left / whole : 0;
  return warned || used >= NEAR_SHARE || left <= NEAR_MS ? "near" : "calm";
}

/** A length of time in the two largest units. */
export function lengthText(ms: number, t: (key: string, values: Record<string, unknown>) => string): string {
  const minutes = Math.floor(Math.abs(ms) / MINUTE_MS);
  const [d, h, m] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (d) return t("cases.days", { d, h });
  return h ? t("cases.hours", { h, m }) : t("cases.minutes", { m: minutes });
}
