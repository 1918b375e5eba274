// The type check is what keeps the languages together: these must not compile, and `npm run check` fails if one does.

import { expect, it } from "vitest";

import { defineSlice } from "../src/define_slice";
import type { Catalogue } from "../src/i18n/zh-CN";

it("a translation that is missing, or too much, is a fault of types", () => {
  const rest = { routes: [], nav: [] };
  const zh = { x: { one: "甲", two: "乙" } };
  // @ts-expect-error: `two` is not translated.
  defineSlice({ ...rest, words: { zh, en: { x: { one: "A" } } } });
  // @ts-expect-error: `three` is no translation of anything.
  defineSlice({ ...rest, words: { zh, en: { x: { one: "A", two: "B", three: "C" } } } });
  // @ts-expect-error: the common words lack their English too.
  const common: Catalogue["common"] = { cancel: "Cancel" };
  const whole = defineSlice({ ...rest, words: { zh, en: { x: { one: "A", two: "B" } } } });
  expect([whole.words.en, common]).toEqual([{ x: { one: "A", two: "B" } }, { cancel: "Cancel" }]);
});
