// Between a date picker's local date and an instant: what is typed is the site's time, wherever the browser stands. Pure.

/** The site's offset from UTC at that moment, in milliseconds. */
function offsetAt(ms: number, zone: string): number {
  const text = new Date(ms).toLocaleString("sv-SE", { timeZone: zone });
  return Date.parse(`${text.replace(" ", "T")}Z`) - Math.floor(ms / 1000) * 1000;
}

/** "2026-11-23 09:30" on the site's clock → the instant (ms since the epoch). */
export function instantOf(siteTime: string, zone: string): number {
  const asUtc = Date.parse(`${siteTime.replace(" ", "T")}:00Z`);
  const guess = asUtc - offsetAt(asUtc, zone);
  return asUtc - offsetAt(guess, zone);
}

/** An instant → "2026-11-23 09:30" on the site's clock. */
export function siteTimeOf(ms: number, zone: string): string {
  return new Date(ms).toLocaleString("sv-SE", { timeZone: zone }).slice(0, 16);
}
