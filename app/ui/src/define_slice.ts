// What a slice brings to the console, and how one is made: src/<slice>/slice.ts does it, slices.ts collects them.

import type { RouteRecordRaw } from "vue-router";

export type RoleName = "agent" | "supervisor" | "administrator";

export interface NavEntry {
  /** Where it leads. */
  to: string;
  /** Key of its word in the slice's catalogue. */
  word: string;
  /** Smaller comes first: the desk is 0, agents' pages are below 50, supervisors' from 70, administration from 90. */
  place: number;
  roles: RoleName[];
}

export interface Words {
  [key: string]: string | Words;
}

/** The same keys, each with a word of another language. */
export type SameWords<T> = { [K in keyof T]: T[K] extends string ? string : SameWords<T[K]> };

export interface Slice {
  routes: RouteRecordRaw[];
  nav: NavEntry[];
  /** Chinese first. A slice's words are all under its own name. */
  words: { zh: Words; en: Words };
}

interface Defined<Chinese> extends Omit<Slice, "words"> {
  words: { zh: Chinese; en: SameWords<NoInfer<Chinese>> };
}

/** Makes a slice. A word without a translation, and a translation without a word, fail the type check. */
export function defineSlice<Chinese extends Words>(slice: Defined<Chinese>): Slice {
  return slice as Slice;
}
