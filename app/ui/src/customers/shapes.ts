// The shapes of customers (GET /api/openapi.json), as far as these pages read them.

import type { Instant, Ticket } from "../api/types";

export type Kind = "person" | "organisation" | "merchant";
export const KINDS: Kind[] = ["person", "organisation", "merchant"];
export const USES = ["mobile", "home", "work", "shop", "other"];

/** Which fields a card of each kind has beside those of all. */
export const OWN_FIELDS: Record<Kind, TextField[]> = {
  person: ["form_of_address", "employer", "post"],
  organisation: ["contact_person", "form_of_address", "post"],
  merchant: ["shop_name", "unit", "floor", "contact_person", "form_of_address"],
};

export type TextField =
  | "name"
  | "form_of_address"
  | "employer"
  | "post"
  | "shop_name"
  | "unit"
  | "floor"
  | "contact_person"
  | "address"
  | "notes";

export interface NumberLine {
  number: string;
  kind: string;
  use: string;
  extension: string;
  place: string | null;
}

export interface Contact {
  in_30: number;
  in_90: number;
  in_365: number;
  out_30: number;
  out_90: number;
  out_365: number;
  last_at: Instant | null;
}

export interface Card extends Record<TextField, string> {
  id: string;
  version: number;
  kind: Kind;
  key_customer: boolean;
  looked_after_by: string | null;
  do_not_call: boolean;
  numbers: string[];
  numbers_masked: boolean;
  contacts: NumberLine[];
  contact: Contact;
  updated_at: Instant;
  merged_into: string | null;
}

export interface FullCard extends Card {
  tickets: Ticket[];
}

export interface Change {
  at: Instant;
  by: string | null;
  customer: string;
  field: string;
  old: string;
  new: string;
}

export interface Pair {
  score: number;
  reasons: string[];
  one: Card;
  other: Card;
}

export interface CellFault {
  column: string;
  code: string;
  value: string;
}

export interface ImportRow {
  row: number;
  name: string;
  existing: string | null;
  faults: CellFault[];
}

export interface Import {
  token: string | null;
  file: string;
  columns: string[];
  unknown: string[];
  faults: CellFault[];
  ready: number;
  existing: number;
  faulty: number;
  written: number;
  updated: number;
  skipped: number;
  refused: number;
  rows: ImportRow[];
}

export interface Access {
  at: Instant;
  by: string;
  customer: string;
  what: string;
  ticket: string | null;
  reason: string;
}

export interface Removal {
  id: string;
  at: Instant;
  by: string;
  customer: string;
  asked_by: string;
  reason: string;
  pseudonym: string;
  counts: Record<string, number>;
}
