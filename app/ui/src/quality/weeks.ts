// ISO weeks as spot checks are drawn by: "2026-W47" with its Monday and Sunday. Pure; days are local dates of the site.

export interface Week {
  id: string;
  /** "11-16 – 11-22" */
  days: string;
}

const DAY_MS = 86_400_000;

function weekOf(day: Date): Week {
  const fromMonday = (day.getUTCDay() + 6) % 7;
  const monday = new Date(day.getTime() - fromMonday * DAY_MS);
  const thursday = new Date(monday.getTime() + 3 * DAY_MS);
  const sunday = new Date(monday.getTime() + 6 * DAY_MS);
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const number = 1 + Math.floor((thursday.getTime() - newYear) / DAY_MS / 7);
  const short = (date: Date) => date.toISOString().slice(5, 10);
  return { id: `${thursday.getUTCFullYear()}-W${String(number).padStart(2, "0")}`, days: `${short(monday)} – ${short(sunday)}` };
}

/** The week of a local date ("2026-11-28") and those before it, newest first. */
export function lastWeeks(today: string, count: number): Week[] {
  const day = Date.parse(`${today}T00:00:00Z`);
  return Array.from({ length: count }, (_, back) => weekOf(new Date(day - back * 7 * DAY_MS)));
}
