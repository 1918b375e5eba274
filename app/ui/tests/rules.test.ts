// Rules of the pages that need no screen: numbers, merging of a ticket, what a step lacks, tones, the way behind a figure.

import { describe, expect, it } from "vitest";

import type { Disposition } from "../src/api/types";
import type { Case, Field, Offer, Party } from "../src/cases/types";
import { bodyOf, freshDraft, missing } from "../src/cases/step_draft";
import { callsBehind, groupQuery, ratioText } from "../src/figures/groups";
import { grouped } from "../src/phone_number";
import { changedFields, conflictingFields, dispositionsFor, EMPTY_FIELDS, suggestedFields } from "../src/tickets/fields";
import { abandonTone, shareTone, waitTone } from "../src/wallboard/tones";

describe("a telephone number", () => {
  it.each([
    ["13812345678", "138 1234 5678"],
    ["4008100002", "400 810 0002"],
    ["138****5678", "138****5678"],
    ["02988888888", "02988888888"],
    ["", ""],
  ])("%s is read as %s", (number, text) => {
    expect(grouped(number)).toBe(text);
  });
});

describe("two people's changes of a ticket", () => {
  const before = { ...EMPTY_FIELDS, matter: "停车", wish: "退费" };

  it("are only what differs; null and empty are the same", () => {
    expect(changedFields(before, { ...before, matter: "停车场", kind: null })).toEqual({ matter: "停车场" });
    expect(changedFields({ ...before, disposition: null }, { ...before, disposition: "" })).toEqual({});
  });

  it("clash only where both wrote different things", () => {
    const now = { ...before, matter: "她写的", wish: "一样" };
    expect(conflictingFields(before, now, { matter: "我写的", wish: "一样", note: "我的" })).toEqual(["matter"]);
    expect(conflictingFields(before, now, { note: "我的" })).toEqual([]);
  });

  it("fill in what the card knows and the ticket lacks", () => {
    const known = { contact_name: "王建国", matter: "不取", form_of_address: "" };
    expect(suggestedFields(before, known)).toEqual({ contact_name: "王建国" });
  });

  it("offer the results that fit the kind, and those for all", () => {
    const one = (id: string, kinds: Disposition["kinds"]) => ({ id, kinds, title: id, title_en: id });
    const all = [one("answered", ["consultation"]), one("registered", ["complaint"]), one("other", [])];
    expect(dispositionsFor("complaint", all).map(({ id }) => id)).toEqual(["registered", "other"]);
    expect(dispositionsFor(null, all)).toHaveLength(3);
  });
});

describe("what is entered for a step", () => {
  const field = (name: string, kind: Field["kind"], required = false, more: Partial<Field> = {}): Field => ({
    name,
    kind,
    required,
    choices: [],
    parties: [],
    ...more,
  });
  const offer = (step: string, ...fields: Field[]) => ({ step, fields }) as Offer;
  const party = (id: string): Party => ({ id, title: id, title_en: id, kind: "department", level: "hall" });
  const fresh = { stage: "new", category: { id: "guiding" }, severity: "major", kind: null } as unknown as Case;

  it("begins empty, with the only party chosen and normal severity", () => {
    const one = offer("passed_on", field("to", "party", true, { parties: [party("reception")] }), field("urgent", "flag"), field("about", "people"));
    expect(freshDraft(one, fresh)).toEqual({ to: "reception", urgent: false, about: [] });
    expect(freshDraft(offer("x", field("severity", "severity")), fresh)).toEqual({ severity: "normal" });
  });

  it("begins, classified anew, with what the case is", () => {
    const draft = freshDraft(offer("registered", field("kind", "kind", true), field("category", "category")), fresh);
    expect(draft).toMatchObject({ kind: "complaint", severity: "major", category: "guiding" });
  });

  it("lacks what is required and blank, and what is no ticket's number", () => {
    const one = offer("merged", field("text", "text", true), field("into", "ticket", true), field("about", "people", true), field("note", "text"));
    expect(missing(one, { text: "  ", into: "2026-1", about: [], note: "" })).toEqual({ text: "missing", into: "ticketWrong", about: "missing" });
    expect(missing(one, { text: "好", into: " 20261130-0007 ", about: ["8001"], note: "" })).toEqual({});
  });

  it("goes out trimmed, moments as instants, answers as what they mean, blanks not at all", () => {
    const one = offer("fed_back", field("text", "text"), field("until", "moment"), field("satisfied", "answer"), field("note", "text"), field("urgent", "flag"));
    const body = bodyOf(one, { text: " 好 ", until: "2026-11-30 09:30", satisfied: "true", note: "", urgent: false }, "Asia/Shanghai");
    expect(body).toEqual({ text: "好", until: "2026-11-30T01:30:00.000Z", satisfied: true, urgent: false });
    expect(bodyOf(one, { satisfied: "unreachable" }, "UTC")).toEqual({ satisfied: "unreachable" });
    expect(bodyOf(one, { satisfied: "false" }, "UTC")).toEqual({ satisfied: false });
  });
});

describe("the wallboard's colours", () => {
  it.each([
    [null, "good"],
    [10, "good"],
    [11, "warn"],
    [30, "warn"],
    [31, "bad"],
  ])("a wait of %s s at a threshold of 10 s is %s", (seconds, tone) => {
    expect(waitTone(seconds, 10)).toBe(tone);
  });

  it.each([
    [0.8, "good"],
    [0.79, "warn"],
    [0.69, "bad"],
    [null, "plain"],
  ])("a share of %s, wanted 0.8, at least 0.7, is %s", (share, tone) => {
    expect(shareTone(share, 0.8, 0.7)).toBe(tone);
  });

  it("abandons are good up to 5 % and bad above 10 %", () => {
    expect([0.05, 0.06, 0.1, 0.11, null].map(abandonTone)).toEqual(["good", "warn", "warn", "bad", "plain"]);
  });
});

describe("the calls behind a figure", () => {
  it("of a quarter of an hour are those between its ends", () => {
    expect(groupQuery("interval", "2026-11-30T01:45:00.000Z")).toEqual({ since: "2026-11-30T01:45:00.000Z", until: "2026-11-30T02:00:00.000Z" });
  });

  it("of a group are its own; of the total and of what has no group, all", () => {
    expect(groupQuery("queue", "hotline")).toEqual({ queue: "hotline" });
    expect([groupQuery("total", "total"), groupQuery("agent", "")]).toEqual([{}, {}]);
    expect(callsBehind({ figure: "answered", agent: "8001" })).toEqual({ name: "counted-calls", query: { figure: "answered", agent: "8001" } });
  });

  it("show shares as per cent, times as clocks, and nothing where nothing was counted", () => {
    const ratio = (value: number | null, unit: "share" | "seconds") => ({ value, unit, numerator: 1, denominator: 1 }) as never;
    expect([ratioText(ratio(0.83, "share")), ratioText(ratio(75, "seconds")), ratioText(ratio(null, "share")), ratioText(null)]).toEqual(["83%", "1:15", "–", "–"]);
  });
});
