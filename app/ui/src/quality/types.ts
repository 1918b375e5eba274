// The pages' names for the shapes of quality control (/api/quality/…, /api/agents/{id}/file).

import type { Schemas } from "../api/types";

export type FormItem = Schemas["ItemOut"];
export type FormGroup = Schemas["FormGroupOut"];
export type Grade = Schemas["GradeOut"];
export type QualityRules = Schemas["QualityRulesOut"];
export type PartName = "attitude" | "knowledge" | "problem_solving" | "satisfaction";

export const PARTS: PartName[] = ["attitude", "knowledge", "problem_solving", "satisfaction"];

export type CheckState = Schemas["CheckState"];
export type Check = Schemas["CheckOut"];
export type CheckFull = Schemas["CheckFullOut"];
export type CheckStep = Schemas["CheckStepOut"];
export type Marks = Schemas["MarksOut"];
export type Assessed = Schemas["AssessedOut"];
export type Month = Schemas["MonthOut"];
export type FileNote = Schemas["NoteOut"];
export type NoteKind = Schemas["NoteKind"];
