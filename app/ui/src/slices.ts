// Every slice of the console brings its own pages, its place in the navigation and its words: src/<slice>/slice.ts.

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

export interface Slice {
  routes: RouteRecordRaw[];
  nav: NavEntry[];
  /** Chinese first; English has the same keys. A slice's words are all under its own name. */
  words: { zh: Words; en: Words };
}

const found = import.meta.glob<{ slice: Slice }>("./*/slice.ts", { eager: true });

export const slices: Slice[] = Object.entries(found)
  .sort(([one], [other]) => one.localeCompare(other))
  .map(([, module]) => module.slice);

export const navEntries: NavEntry[] = slices.flatMap((slice) => slice.nav).sort((a, b) => a.place - b.place);

function together(language: "zh" | "en"): Words {
  return Object.assign({}, ...slices.map((slice) => slice.words[language])) as Words;
}

export const sliceWords = { zh: together("zh"), en: together("en") };
