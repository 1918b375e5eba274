// The pages' names for the shapes of suggestions (/api/suggestions).

import type { Schemas } from "../api/types";

export type SuggestionState = Schemas["SuggestionState"];

export const STATES: SuggestionState[] = ["registered", "passed", "adopted", "declined", "told"];

export type Choices = Schemas["ChoicesOut"];
export type Suggestion = Schemas["SuggestionOut"];
export type SuggestionStep = Schemas["SuggestionStepOut"];
export type SuggestionFull = Schemas["SuggestionFull"];
