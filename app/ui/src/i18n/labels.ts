// Labels of codes: each has one home on the server, in both languages; pages read them once, when the first one opens.

import { shallowRef } from "vue";

import { api } from "../api/client";
import type { Schemas } from "../api/types";

export type Vocabulary = Schemas["Vocabulary"];
export type Group = keyof Vocabulary;
/** The codes of a group: one that the server has no label for is a fault of types. */
export type Code<G extends Group> = keyof Vocabulary[G] & string;

const vocabulary = shallowRef<Vocabulary | null>(null);

/** Reads the labels, once. The browser keeps them by their version and only asks whether they are still so. */
export async function loadLabels(): Promise<void> {
  vocabulary.value ??= await api.get<Vocabulary>("/api/words");
}

/** The label in one language; the code itself while there is none. */
export function labelIn(language: "zh" | "en", group: Group, code: string): string {
  const labels: Partial<Record<string, Schemas["Words"]>> | undefined = vocabulary.value?.[group];
  return labels?.[code]?.[language] ?? code;
}
