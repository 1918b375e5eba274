// The pages' names for the shapes of customers.

import type { Schemas } from "../api/types";

export type Kind = Schemas["CustomerKind"];
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

export type NumberLine = Schemas["NumberOut"];
export type Contact = Schemas["ContactOut"];
export type Card = Schemas["CustomerOut"];
export type FullCard = Schemas["CustomerFull"];
export type Change = Schemas["ChangeOut"];
export type Pair = Schemas["PairOut"];
export type CellFault = Schemas["CellFaultOut"];
export type ImportRow = Schemas["ImportRowOut"];
export type Import = Schemas["ImportOut"];
export type Access = Schemas["AccessOut"];
export type Removal = Schemas["RemovalOut"];
