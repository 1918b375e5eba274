// Language of the pages: zh-CN first, English by a switch that the browser remembers.

import { computed } from "vue";
import { createI18n, useI18n } from "vue-i18n";

import type { Titled } from "../api/types";
import { sliceWords } from "../slices";
import { en } from "./en";
import { type Code, type Group, labelIn } from "./labels";
import { zhCN } from "./zh-CN";

export type Locale = "zh-CN" | "en";

const REMEMBERED = "sanxiang.locale";

function rememberedLocale(): Locale {
  return localStorage.getItem(REMEMBERED) === "en" ? "en" : "zh-CN";
}

export const i18n = createI18n({
  legacy: false,
  locale: rememberedLocale(),
  fallbackLocale: "zh-CN",
  messages: { "zh-CN": { ...zhCN, ...sliceWords.zh }, en: { ...en, ...sliceWords.en } },
});

export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale;
  localStorage.setItem(REMEMBERED, locale);
  document.documentElement.lang = locale;
}

/** `t` for what pages say; `label` for codes, whose words the server has; titles that the site gives in both languages. */
export function useWords() {
  const { t, te, locale } = useI18n();
  const chinese = computed(() => locale.value === "zh-CN");

  /** The word for a code of the API, or the code itself when the catalogue has none. */
  function word(group: string, code: string | null | undefined): string {
    if (!code) return "–";
    const key = `${group}.${code}`;
    return te(key) || te(key, "zh-CN") ? t(key) : code;
  }

  const language = computed(() => (chinese.value ? "zh" : "en"));

  /** The label of a code. */
  function label<G extends Group>(group: G, code: Code<G> | null | undefined): string {
    return code ? labelIn(language.value, group, code) : "–";
  }

  /** The label of a code that is only known to be a text; a code without a label stands for itself. */
  function labelOf(group: Group, code: string | null | undefined): string {
    return code ? labelIn(language.value, group, code) : "–";
  }

  function titleOf(thing: Titled | null | undefined): string {
    if (!thing) return "";
    return chinese.value ? thing.title : thing.title_en || thing.title;
  }

  function nameOf(thing: { name: string; name_en: string }): string {
    return chinese.value ? thing.name : thing.name_en || thing.name;
  }

  return { t, te, word, label, labelOf, titleOf, nameOf, locale, chinese };
}
