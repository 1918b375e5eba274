// The shapes of suggestions (GET /api/suggestions), as far as the pages read them.

import type { Detail, Instant, Reason } from "../api/types";

export type SuggestionState = "registered" | "passed" | "adopted" | "declined" | "told";
export const STATES: SuggestionState[] = ["registered", "passed", "adopted", "declined", "told"];

export interface Choices {
  natures: Reason[];
  departments: Reason[];
  mine: string[];
}

export interface Suggestion {
  ticket: string;
  nature: string;
  proposer: string;
  contact: string;
  contact_masked: boolean;
  summary: string;
  state: SuggestionState;
  department: string | null;
  registered_at: Instant;
  registered_by: string;
  decide_by: Instant | null;
  late: boolean;
  adopted: boolean | null;
  reason: string;
  result: string;
  due_call: string | null;
  call_state: string | null;
  version: number;
}

export interface SuggestionStep {
  at: Instant;
  by: string;
  step: string;
  details: Record<string, Detail>;
}

export interface SuggestionFull extends Suggestion {
  may_pass: boolean;
  may_decide: boolean;
  steps: SuggestionStep[];
}
