// The page's clock: server time, ticking once a second. A desk computer's own clock may be minutes off; the live messages correct it.

import { computed, ref, type ComputedRef } from "vue";

import type { Instant } from "./api/types";

const nowMs = ref(Date.now());
let offsetMs = 0;

window.setInterval(() => {
  nowMs.value = Date.now() + offsetMs;
}, 250);

/** Takes the time from a message that has just been sent (`at`: the server's clock). */
export function setServerTime(at: Instant): void {
  offsetMs = Date.parse(at) - Date.now();
  nowMs.value = Date.now() + offsetMs;
}

export function serverNow(): number {
  return nowMs.value;
}

/** Whole seconds from `at` until now, never negative; null without an instant. */
export function secondsSince(at: Instant | null | undefined): number | null {
  return at ? Math.max(0, Math.floor((nowMs.value - Date.parse(at)) / 1000)) : null;
}

/** Whole seconds from now until `at`, never negative; null without an instant. */
export function secondsUntil(at: Instant | null | undefined): number | null {
  return at ? Math.max(0, Math.ceil((Date.parse(at) - nowMs.value) / 1000)) : null;
}

export function useSecondsSince(at: () => Instant | null | undefined): ComputedRef<number | null> {
  return computed(() => secondsSince(at()));
}

/** 75 → "1:15", 4000 → "1:06:40"; null → "–". */
export function clockText(seconds: number | null): string {
  if (seconds === null) return "–";
  const whole = Math.round(seconds);
  const tail = `${String(Math.floor(whole / 60) % 60).padStart(whole < 3600 ? 1 : 2, "0")}:${String(whole % 60).padStart(2, "0")}`;
  return whole < 3600 ? tail : `${Math.floor(whole / 3600)}:${tail}`;
}

/** 0.834 → "83 %"; null, when there was nothing to count, → "–". A share that is not whole is never shown as 100 %. */
export function shareText(share: number | null | undefined): string {
  if (share === null || share === undefined) return "–";
  return share < 1 ? `${Math.min(99, Math.round(share * 100))}%` : "100%";
}

const formats = new Map<string, Intl.DateTimeFormat>();

interface Shown {
  day: boolean;
  seconds: boolean;
}

function format(locale: string, zone: string, shown: Shown): Intl.DateTimeFormat {
  const key = `${locale} ${zone} ${shown.day} ${shown.seconds}`;
  let found = formats.get(key);
  if (!found) {
    const day: Intl.DateTimeFormatOptions = shown.day ? { month: "short", day: "numeric", weekday: "short" } : {};
    const seconds: Intl.DateTimeFormatOptions = shown.seconds ? { second: "2-digit" } : {};
    const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
    found = new Intl.DateTimeFormat(locale, { ...day, ...time, ...seconds });
    formats.set(key, found);
  }
  return found;
}

function dayOf(ms: number, zone: string): string {
  return new Date(ms).toLocaleDateString("sv-SE", { timeZone: zone });
}

/** The time of day at the site, with the date when that is not today's. */
export function timeText(at: Instant | null | undefined, locale: string, zone: string, seconds = false): string {
  if (!at) return "–";
  const today = dayOf(nowMs.value, zone) === dayOf(Date.parse(at), zone);
  return format(locale, zone, { day: !today, seconds }).format(new Date(at));
}
