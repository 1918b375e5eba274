// The pages' names for what the API says of other channels.

import type { Schemas } from "../api/types";

export type Category = Schemas["IntakeCategoryOut"];
export type IntakeOptions = Schemas["IntakeOptions"];
export type Registered = Schemas["TicketRegistered"];
export type Attachment = Schemas["AttachmentOut"];
export type Attachments = Schemas["AttachmentsOut"];

/** What the server keeps, for the file dialog; it looks into the files itself. */
export const ACCEPTED = ".pdf,.ofd,.png,.jpg,.jpeg,.heic,.docx,.xlsx,.pptx,.doc,.xls,.ppt,.txt,.amr";

/** 2 300 000 → "2.2 MB". */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
