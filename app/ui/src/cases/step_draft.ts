// What somebody enters for a step: how it begins, what is missing, how it goes to the API. Pure.

import { instantOf } from "../site_time";
import type { Case, Field, Offer } from "./types";

export type Draft = Record<string, string | boolean | string[]>;

const TICKET = /^\d{8}-\d{4,9}$/;
/** Classified anew, a case begins with what it is. */
const AS_IT_IS: readonly string[] = ["kind", "severity", "nature", "complex", "written", "urgent", "about"];

function empty(field: Field): string | boolean | string[] {
  if (field.kind === "flag") return false;
  if (field.kind === "people" || field.kind === "choices") return [];
  if (field.kind === "party") return field.parties.length === 1 ? (field.parties[0]?.id ?? "") : "";
  if (field.kind === "severity") return "normal";
  return field.kind === "choice" && !field.required ? (field.choices[0] ?? "") : "";
}

export function freshDraft(offer: Offer, of: Case): Draft {
  const draft: Draft = Object.fromEntries(offer.fields.map((field) => [field.name, empty(field)]));
  if (offer.step !== "registered") return draft;
  const known = of as unknown as Draft;
  for (const name of AS_IT_IS) draft[name] = known[name] ?? draft[name] ?? "";
  draft.category = of.category?.id ?? "";
  if (!draft.kind) draft.kind = "complaint";
  return draft;
}

/** The names of fields that are missing or not whole. */
export function missing(offer: Offer, draft: Draft): Record<string, "missing" | "ticketWrong"> {
  const found: Record<string, "missing" | "ticketWrong"> = {};
  for (const { name, kind, required } of offer.fields) {
    const value = draft[name];
    const blank = Array.isArray(value) ? value.length === 0 : typeof value === "string" && value.trim() === "";
    if (required && blank) found[name] = "missing";
    else if (kind === "ticket" && !blank && !TICKET.test(String(value).trim())) found[name] = "ticketWrong";
  }
  return found;
}

function sent(field: Field, value: string | boolean | string[], zone: string): unknown {
  if (typeof value !== "string") return value;
  if (field.kind === "moment") return new Date(instantOf(value, zone)).toISOString();
  if (field.kind === "answer") return value === "unreachable" ? value : value === "true";
  return value.trim();
}

export function bodyOf(offer: Offer, draft: Draft, zone: string): Record<string, unknown> {
  const given = offer.fields.filter(({ name }) => draft[name] !== "" && draft[name] !== undefined);
  return Object.fromEntries(given.map((field) => [field.name, sent(field, draft[field.name] ?? "", zone)]));
}
