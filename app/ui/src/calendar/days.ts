// The days of a year as the API tells them.

export type DayKind = "working" | "weekend" | "holiday" | "make_up";

export interface Day {
  day: string;
  kind: DayKind;
  source: "official" | "notice" | "site" | "fallback";
  festival: string | null;
  festival_en: string | null;
}

export interface Year {
  year: number;
  today: string;
  known: boolean;
  unknown_year: number | null;
  days: Day[];
}

export const DAY_KINDS: DayKind[] = ["working", "weekend", "holiday", "make_up"];
