// The words of the pages: both languages say the same things, each in its own tongue, and every word that is asked for exists.

import { describe, expect, inject, it } from "vitest";

import { i18n } from "../src/i18n";
import { router } from "../src/router";
import { navEntries, slices } from "../src/slices";
import { source } from "./source";

declare module "vitest" {
  interface ProvidedContext {
    problems: string;
  }
}

interface Tree {
  [key: string]: string | Tree;
}

function flat(tree: Tree, above = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") found.set(above + key, value);
    else for (const [inner, text] of flat(value, `${above}${key}.`)) found.set(inner, text);
  }
  return found;
}

const zh = flat(i18n.global.messages.value["zh-CN"] as unknown as Tree);
const en = flat(i18n.global.messages.value.en as unknown as Tree);
const CHINESE = /[\u4e00-\u9fff]/;
/** What the switch of languages is called is in the other language, on purpose. */
const OF_THE_OTHER_TONGUE = new Set(["app.language", "app.languageHint"]);

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

describe("the two catalogues", () => {
  it("are of one size that shows they were found", () => {
    expect(zh.size).toBeGreaterThan(1000);
  });

  it("have the same keys", () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort());
  });

  it("leave the same places to fill in", () => {
    const differ = [...zh].filter(([key, text]) => new Set([...placeholders(text), ...placeholders(en.get(key) ?? "")]).size !== new Set(placeholders(text)).size);
    expect(differ).toEqual([]);
  });

  it("have no empty word", () => {
    expect([...zh, ...en].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("speak each their own tongue: no Chinese in English, no translation beside the Chinese", () => {
    expect([...en].filter(([key, text]) => CHINESE.test(text) && !OF_THE_OTHER_TONGUE.has(key))).toEqual([]);
    const beside = /[\u4e00-\u9fff][^A-Za-z]* \/ [A-Za-z]{3,}|[A-Za-z]{3,} \/ [\u4e00-\u9fff]/;
    expect([...zh].filter(([, text]) => beside.test(text))).toEqual([]);
  });

  it("can be shown, every one: no sign in them means something to the interpreter", () => {
    const { t } = i18n.global;
    const values = Object.fromEntries([...zh.values(), ...en.values()].flatMap(placeholders).map((name) => [name, `<${name}>`]));
    for (const locale of ["zh-CN", "en"] as const) {
      for (const [key, text] of locale === "en" ? en : zh) {
        const expected = text.replace(/\{(\w+)\}/g, (_, name) => `<${name}>`);
        expect(t(key, values, { locale })).toBe(expected);
      }
    }
  });
});

describe("words that the pages ask for", () => {
  const asked = (pattern: RegExp) =>
    Object.entries(source).flatMap(([file, text]) => [...text.matchAll(pattern)].map(([, key = ""]) => [file, key] as const));

  it("exist, each of them", () => {
    const keys = asked(/\bt\(\s*"([\w.-]+)"/g);
    expect(keys.length).toBeGreaterThan(700);
    expect(keys.filter(([, key]) => !zh.has(key))).toEqual([]);
  });

  it("exist as groups where the code is put in", () => {
    const groups = asked(/\b(?:t\(\s*`|word\(\s*")([\w.-]+?)(?:\.\$\{|")/g);
    const known = new Set([...zh.keys()].flatMap((key) => key.split(".").map((_, end, parts) => parts.slice(0, end).join("."))));
    expect(groups.length).toBeGreaterThan(60);
    expect(groups.filter(([, group]) => !known.has(group))).toEqual([]);
  });

  it("are in the catalogues, not in the templates", () => {
    const templates = Object.entries(source).filter(([file]) => file.endsWith(".vue"));
    const said = templates.flatMap(([file, text]) => {
      const template = text.slice(text.indexOf("<template>"), text.lastIndexOf("</template>")).replace(/<!--.*?-->/gs, "");
      return template.split("\n").filter((line) => CHINESE.test(line)).map((line) => `${file}: ${line.trim()}`);
    });
    expect(said).toEqual([]);
  });
});

describe("problems of the API", () => {
  /** What no page meets: it always sends JSON by a known method, and without pages nobody reads. */
  const NEVER_MET = ["method_not_allowed", "not_json", "no_front_end"];
  /** What the server always says in both languages itself, with the reason. */
  const SAID_BY_SERVER = ["not_dialled", "limit_met"];

  it("each have words in both languages", () => {
    const kinds = [...inject("problems").matchAll(/^ {4}"(\w+)": \(\d{3},/gm)].map(([, kind = ""]) => kind);
    expect(kinds.length).toBeGreaterThan(20);
    expect(kinds.filter((kind) => ![...NEVER_MET, ...SAID_BY_SERVER].includes(kind) && !zh.has(`problem.${kind}`))).toEqual([]);
  });
});

describe("the slices", () => {
  it("keep their words under names of their own", () => {
    const names = slices.flatMap(({ words }) => Object.keys(words.zh));
    expect(names).toEqual([...new Set(names)]);
    expect(slices.map(({ words }) => Object.keys(words.en))).toEqual(slices.map(({ words }) => Object.keys(words.zh)));
  });

  it("name what they put into the bar, and lead to a page", () => {
    for (const { word, to } of navEntries) {
      expect(zh.has(word), word).toBe(true);
      expect(router.resolve(to).matched.at(-1)?.path, to).not.toMatch(/rest/);
    }
  });

  it("stand in the bar in their order, in places of their own", () => {
    const places = navEntries.map(({ place }) => place);
    expect(places).toEqual([...new Set(places)].sort((one, other) => one - other));
  });

  it("show administration to administrators only", () => {
    const administration = navEntries.filter(({ place }) => place >= 90);
    expect(administration.length).toBeGreaterThan(0);
    for (const { roles } of administration) expect(roles).toEqual(["administrator"]);
  });
});
