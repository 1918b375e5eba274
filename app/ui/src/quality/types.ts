// The shapes of quality control (GET /api/quality/…, /api/agents/{id}/file), as far as its pages read them.

import type { Instant, Reason, Titled } from "../api/types";

export interface FormItem extends Titled {
  id: string;
  points: number;
}

export interface FormGroup extends Titled {
  id: string;
  counts_for: "attitude" | "knowledge";
  items: FormItem[];
}

export interface Grade extends Titled {
  id: string;
  from_score: number;
  most_complaints: number | null;
}

export type PartName = "attitude" | "knowledge" | "problem_solving" | "satisfaction";
export const PARTS: PartName[] = ["attitude", "knowledge", "problem_solving", "satisfaction"];

export interface QualityRules {
  version: string;
  groups: FormGroup[];
  forbidden: Reason[];
  per_agent_and_week: number;
  least_talk_s: number;
  weights: Record<PartName, number>;
  least_weight: number;
  csat_target: number;
  grades: Grade[];
  departments: Reason[];
}

export type CheckState = "drawn" | "scored" | "acknowledged" | "objected" | "decided";

export interface Check {
  id: string;
  recording: string;
  ticket: string;
  agent: string;
  week: string;
  talked_at: Instant;
  duration_s: number;
  state: CheckState;
  score: number | null;
  available: boolean;
  version: number;
}

export interface Marks {
  points: Record<string, number>;
  forbidden: string[];
  comment: string;
}

export interface CheckStep {
  at: Instant;
  by: string;
  step: string;
  version: number;
  marks: Marks | null;
  result: { score: number; groups: Record<string, number>; attitude: number; knowledge: number } | null;
  words: string;
}

export interface CheckFull extends Check {
  steps: CheckStep[];
}

export interface Assessed {
  subject: string;
  score: number | null;
  grade: string | null;
  parts: Record<PartName, number | null>;
  weight: number;
  facts: Record<string, number>;
  csat: number | null;
  csat_reached: boolean | null;
}

export interface Month {
  month: string;
  closed_at: Instant | null;
  closed_by: string | null;
  rule_version: string;
  over: boolean;
  agents: Assessed[];
  departments: Assessed[];
}

export type NoteKind = "reward" | "penalty" | "complaint" | "remark" | "missed" | "breach";

export interface FileNote {
  id: string;
  agent: string;
  at: Instant;
  day: string;
  kind: NoteKind;
  by: string;
  words: string;
  points: number;
  ticket: string | null;
  details: Record<string, number | string>;
}
