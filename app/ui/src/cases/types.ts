// The pages' names for the shapes of cases (/api/cases, /api/tickets/{n}/case, /api/deadlines, /api/accountability).

import type { Schemas } from "../api/types";

export type Stage = Schemas["Stage"];

export const STAGES = [
  "registered",
  "received",
  "in_hand",
  "plan_proposed",
  "approved",
  "solved",
  "fed_back",
  "closed",
  "archived",
  "merged",
] as const satisfies Stage[];

export type Party = Schemas["PartyOut"];
export type Rung = Schemas["RungOut"];
export type Clock = Schemas["ClockOut"];
export type Field = Schemas["FieldOut"];
export type FieldKind = Field["kind"];
export type Offer = Schemas["OfferOut"];
export type Case = Schemas["CaseOut"];
export type StepTaken = Schemas["StepTaken"];
export type CaseItem = Schemas["CaseItem"];
export type ClockItem = Schemas["ClockItem"];
export type Deadlines = Schemas["DeadlinesOut"];
export type Accountability = Schemas["AccountabilityOut"];
export type Category = Schemas["CaseCategoryOut"];
export type Matters = Schemas["MattersOut"];
