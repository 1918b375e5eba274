// What the API says of other channels.

import type { Instant } from "../api/types";

export interface Category {
  id: string;
  title: string;
  title_en: string;
  kinds: string[];
}

export interface IntakeOptions {
  channels: string[];
  kinds: string[];
  categories: Category[];
}

export interface Registered {
  ticket: string;
  registered_at: Instant;
  respond_by: Instant;
}

export interface Attachment {
  id: string;
  name: string;
  media: string;
  size: number;
  at: Instant;
  by: string | null;
  available: boolean;
}

export interface Attachments {
  items: Attachment[];
  most_files: number;
  most_bytes: number;
}

/** What the server keeps, for the file dialog; it looks into the files itself. */
export const ACCEPTED = ".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.txt";

/** 2 300 000 → "2.2 MB". */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
