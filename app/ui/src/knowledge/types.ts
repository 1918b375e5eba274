// The pages' names for the shapes of knowledge cards (/api/knowledge).

import type { Schemas } from "../api/types";

export type CardVersion = Schemas["CardVersionOut"];
export type Card = Schemas["CardOut"];
export type CardFull = Schemas["CardFull"];
