// The fields of a ticket that an agent fills in, and the rules for merging two people's changes. Pure: no requests, no screen. TKT-3

import type { Disposition, Ticket, TicketChange, TicketDetail } from "../api/types";

export type TicketFields = Required<Omit<TicketChange, "version">>;
export type FieldName = keyof TicketFields;

export const FIELD_NAMES: readonly FieldName[] = [
  "kind",
  "severity",
  "state",
  "matter",
  "wish",
  "contact_name",
  "form_of_address",
  "contact_number",
  "disposition",
  "note",
];

export const EMPTY_FIELDS: TicketFields = {
  kind: null,
  severity: "normal",
  state: "open",
  matter: "",
  wish: "",
  contact_name: "",
  form_of_address: "",
  contact_number: "",
  disposition: null,
  note: "",
};

export function savedFields(ticket: TicketDetail): TicketFields {
  return {
    kind: ticket.kind,
    severity: ticket.severity,
    state: ticket.state,
    matter: ticket.matter ?? "",
    wish: ticket.wish ?? "",
    contact_name: ticket.contact_name ?? "",
    form_of_address: ticket.form_of_address ?? "",
    contact_number: ticket.contact_number ?? "",
    disposition: ticket.disposition,
    note: ticket.note ?? "",
  };
}

/** The fields of `edited` that are not as they are in `saved`. */
export function changedFields(saved: TicketFields, edited: TicketFields): Partial<TicketFields> {
  const changed = FIELD_NAMES.filter((name) => (edited[name] ?? "") !== (saved[name] ?? ""));
  return Object.fromEntries(changed.map((name) => [name, edited[name]])) as Partial<TicketFields>;
}

/** The fields that both sides changed, to different values, since `before`. */
export function conflictingFields(
  before: TicketFields,
  now: TicketFields,
  mine: Partial<TicketFields>,
): FieldName[] {
  return FIELD_NAMES.filter(
    (name) => name in mine && (now[name] ?? "") !== (before[name] ?? "") && (now[name] ?? "") !== (mine[name] ?? ""),
  );
}

/** What the ticket lacks and the customer's card knows. */
export function suggestedFields(saved: TicketFields, known: Partial<TicketFields>): Partial<TicketFields> {
  return Object.fromEntries(
    FIELD_NAMES.filter((name) => !saved[name] && known[name]).map((name) => [name, known[name]]),
  ) as Partial<TicketFields>;
}

export function changeOf(version: number, changed: Partial<TicketFields>): TicketChange {
  return { version, ...changed };
}

/** The results that fit a kind; a result without kinds fits all. */
export function dispositionsFor(kind: Ticket["kind"], all: readonly Disposition[]): Disposition[] {
  return all.filter((one) => kind === null || one.kinds.length === 0 || one.kinds.includes(kind));
}
