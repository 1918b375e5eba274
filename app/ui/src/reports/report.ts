// A report as the API gives it, and how its cells are shown.

import type { Schemas } from "../api/types";

export type Bilingual = Schemas["WordsOut"];
/** A text of the system is in both languages; one that people wrote is as they wrote it. */
export type Cell = ReportSection["rows"][number][number];
export type ReportColumn = Schemas["ColumnOut"];
export type ReportSection = Schemas["SectionOut"];
export type Report = Schemas["DocumentOut"];
export type FiledReport = Schemas["ReportRunOut"];

export type PeriodKind = "daily" | "weekly" | "monthly";

/** The name of the period in which a local date ("2026-11-27") lies: 2026-11-27, 2026-W48, 2026-11. */
export function periodName(kind: PeriodKind, day: string): string {
  if (kind === "daily") return day;
  if (kind === "monthly") return day.slice(0, 7);
  const date = new Date(`${day}T00:00:00Z`);
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7) + 3);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = 1 + Math.floor((thursday.getTime() - first) / (7 * 24 * 3600 * 1000));
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}

function duration(seconds: number): string {
  if (Math.abs(seconds) < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(Math.abs(seconds));
  const days = Math.floor(whole / 86400);
  const clock = [Math.floor((whole % 86400) / 3600), Math.floor((whole % 3600) / 60), whole % 60]
    .map((part, place) => (place ? String(part).padStart(2, "0") : String(part)))
    .join(":");
  return `${seconds < 0 ? "-" : ""}${days ? `${days} d ` : ""}${clock}`;
}

/** A cell in words; `said` takes a text in the page's language. */
export function cellText(cell: Cell, kind: ReportColumn["kind"], zone: string, said: (words: Bilingual) => string): string {
  if (typeof cell === "object" && cell) return said(cell);
  if (cell === null || cell === "") return "–";
  if (kind === "share") return `${(Number(cell) * 100).toFixed(1)} %`;
  if (kind === "seconds") return duration(Number(cell));
  if (kind === "instant") return new Date(String(cell)).toLocaleString("sv-SE", { timeZone: zone });
  return String(cell);
}

export function isNumber(kind: ReportColumn["kind"]): boolean {
  return kind === "count" || kind === "share" || kind === "seconds";
}
