// Every slice of the console brings its own pages, its place in the navigation and its words: src/<slice>/slice.ts.

import type { NavEntry, Slice, Words } from "./define_slice";

const found = import.meta.glob<{ slice: Slice }>("./*/slice.ts", { eager: true });

export const slices: Slice[] = Object.entries(found)
  .sort(([one], [other]) => one.localeCompare(other))
  .map(([, module]) => module.slice);

export const navEntries: NavEntry[] = slices.flatMap((slice) => slice.nav).sort((a, b) => a.place - b.place);

function together(language: "zh" | "en"): Words {
  return Object.assign({}, ...slices.map((slice) => slice.words[language])) as Words;
}

export const sliceWords = { zh: together("zh"), en: together("en") };
