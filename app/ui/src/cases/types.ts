// The shapes of cases (GET /api/cases, /api/tickets/{n}/case, /api/deadlines, /api/accountability), as far as the pages read them.

import type { Instant, Page, Reason, Ticket, Titled } from "../api/types";

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
] as const;

export interface Party extends Reason {
  kind: string;
  level: string;
}

export interface Rung {
  at: Instant | null;
  share: number;
  reached: boolean;
}

export interface Clock {
  clause: string;
  text: string;
  text_en: string;
  round: number;
  started_at: Instant;
  due_at: Instant | null;
  provisional: boolean;
  rungs: Rung[];
  stopped_at: Instant | null;
  verdict: string;
  holder: Party | null;
  person: string | null;
}

export type FieldKind =
  | "text"
  | "flag"
  | "choice"
  | "choices"
  | "party"
  | "ticket"
  | "people"
  | "moment"
  | "category"
  | "answer"
  | "kind"
  | "severity";

export interface Field {
  name: string;
  kind: FieldKind;
  required: boolean;
  choices: string[];
  parties: Party[];
}

export interface Offer extends Titled {
  step: string;
  possible: boolean;
  code: string | null;
  why: string | null;
  why_en: string | null;
  fields: Field[];
}

export interface Case {
  number: string;
  version: number;
  stage: string;
  state: string;
  kind: string | null;
  severity: string;
  nature: string;
  category: Reason | null;
  complex: boolean;
  written: boolean;
  urgent: boolean;
  restricted: boolean;
  about: string[];
  holder: Party | null;
  department: Party | null;
  level: string | null;
  in_hand_of: string | null;
  plan: { measures: string[]; text: string; by: string; approved_by: string | null } | null;
  extension: { until: Instant; reason: string; by: string } | null;
  awaiting: string | null;
  promised_until: Instant | null;
  result: string | null;
  verdict: string | null;
  persons: string[];
  satisfied: boolean | null;
  tries: number;
  cause: string | null;
  case_of: string | null;
  attached: string[];
  links: string[];
  open_cases: Ticket[];
  clocks: Clock[];
  steps: Offer[];
}

export interface StepTaken {
  number: string;
  case: Case | null;
}

export interface CaseItem extends Ticket {
  stage: string;
  holder_party: Party | null;
  due_at: Instant | null;
  overdue: boolean;
  clauses: number;
}

export interface ClockItem {
  ticket: string;
  severity: string;
  clause: string;
  text: string;
  text_en: string;
  round: number;
  started_at: Instant;
  due_at: Instant | null;
  provisional: boolean;
  stopped_at: Instant | null;
  verdict: string;
  holder: Party | null;
  person: string | null;
  told: number;
}

export interface Deadlines extends Page<ClockItem> {
  warned: number;
  late: number;
}

export interface Accountability extends Page<ClockItem> {
  since: Instant;
  until: Instant;
  totals: { holder: string | null; unit: Party | null; person: string | null; count: number }[];
  valid_complaints: { person: string; count: number; over: boolean }[];
  valid_limit: number;
}

export interface Category extends Reason {
  kinds: string[];
  department: string;
  restricted: boolean;
}

export interface Matters {
  parties: Party[];
  mine: string[];
  categories: Category[];
}
