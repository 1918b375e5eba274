// The days of a year as the API tells them.

import type { Schemas } from "../api/types";

export type DayKind = Day["kind"];
export type Day = Schemas["CalendarDayOut"];
export type Year = Schemas["CalendarOut"];

export type NoticePreview = Schemas["NoticePreviewOut"];

export const DAY_KINDS: DayKind[] = ["working", "weekend", "holiday", "make_up"];
