// The shapes of knowledge cards (GET /api/knowledge), as far as the pages read them.

import type { Instant } from "../api/types";

export interface CardVersion {
  version: number;
  at: Instant;
  by: string;
  title: string;
  text: string;
  keywords: string[];
  kinds: string[];
  categories: string[];
  valid_from: string | null;
  valid_until: string | null;
  approved_by: string | null;
  approved_at: Instant | null;
}

export interface Card extends CardVersion {
  id: string;
  opened: number;
  standing: "current" | "draft" | "not_yet" | "over";
  newest: number;
}

export interface CardFull extends Card {
  versions: CardVersion[];
}
