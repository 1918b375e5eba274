// Labels of codes come from the server, once; a label that it does not have is a fault of types.

import { afterEach, describe, expect, it, vi } from "vitest";

import type { Code, Vocabulary } from "../src/i18n/labels";
import { source } from "./source";

const SERVED = { ticket_state: { open: { zh: "处理中", en: "Open" } } } as unknown as Vocabulary;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe("the labels", () => {
  it("are asked for once, and again only when that failed", async () => {
    const { loadLabels, labelIn } = await import("../src/i18n/labels");
    const answers = vi.fn<() => Promise<Response>>();
    answers.mockRejectedValueOnce(new TypeError("no network")).mockResolvedValue(Response.json(SERVED));
    vi.stubGlobal("fetch", answers);
    await expect(loadLabels()).rejects.toThrow("no network");
    expect(labelIn("zh", "ticket_state", "open")).toBe("open");
    await loadLabels();
    await loadLabels();
    expect(answers).toHaveBeenCalledTimes(2);
    expect([labelIn("zh", "ticket_state", "open"), labelIn("en", "ticket_state", "open")]).toEqual(["处理中", "Open"]);
    expect(labelIn("en", "ticket_state", "of_tomorrow")).toBe("of_tomorrow");
  });

  it("are asked for by codes that exist: the type check says so", () => {
    const asked: Code<"ticket_state">[] = ["open", "pending", "closed"];
    // @ts-expect-error: tickets have no such state, so there is no label for it.
    const unknown: Code<"ticket_state"> = "solved";
    expect([...asked, unknown]).toHaveLength(4);
  });

  it("have their home on the server: no catalogue of the pages holds one of their groups", () => {
    const codes = [/\bconsultation: "/, /\babandoned_queue: "/, /\bCallArrived: "/, /\bplan_proposed: "(方案待批|Plan awaits)/];
    const copies = Object.entries(source).filter(([, text]) => codes.some((code) => code.test(text)));
    expect(copies.map(([file]) => file)).toEqual([]);
  });
});
