// What goes wrong in words, keys without https, and what a browser withholds from pages that came over plain HTTP.

import { afterEach, describe, expect, it, vi } from "vitest";

import { ApiProblem, api, whenPasswordIsAsked, whenSessionIsOver } from "../src/api/client";
import { newKey } from "../src/api/key";
import { refusalText } from "../src/bookings/refusal";
import { i18n, setLocale } from "../src/i18n";
import { fieldText, faultText, problemText } from "../src/shell/tell";
import { source } from "./source";

afterEach(() => {
  setLocale("zh-CN");
});

function answers(status: number, body: unknown, type = "application/problem+json"): void {
  vi.stubGlobal("fetch", async () => new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { "Content-Type": type } }));
}

async function problemOf(asked: Promise<unknown>): Promise<ApiProblem> {
  const fault: unknown = await asked.then(
    () => null,
    (problem: unknown) => problem,
  );
  if (!(fault instanceof ApiProblem)) throw new Error(`no problem but ${String(fault)}`);
  return fault;
}

describe("an answer of the API", () => {
  it("is what it says; nothing for 204", async () => {
    answers(200, { items: [1] });
    expect(await api.get("/api/x")).toEqual({ items: [1] });
    answers(204, undefined);
    expect(await api.delete("/api/x")).toBeUndefined();
  });

  it("that refuses is a problem of its kind, with the faults of fields", async () => {
    answers(400, { type: "urn:sanxiang:invalid", detail: "number: too short", errors: [{ field: "number", message: "too short" }] });
    const problem = await problemOf(api.post("/api/x"));
    expect([problem.kind, problem.status, problem.fieldFaults[0]?.field]).toEqual(["invalid", 400, "number"]);
  });

  it("without a known type is a refusal or our fault, by its status", async () => {
    answers(502, "gateway", "text/html");
    expect((await problemOf(api.get("/api/x"))).kind).toBe("internal");
    answers(418, "teapot", "text/html");
    expect((await problemOf(api.get("/api/x"))).kind).toBe("refused");
  });

  it("that does not come is called unreachable", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("Failed to fetch");
    });
    expect((await problemOf(api.get("/api/x"))).kind).toBe("unreachable");
  });

  it("is asked for without what is not given, and with its key", async () => {
    const asked: { path: string; headers: Record<string, string> }[] = [];
    vi.stubGlobal("fetch", async (path: string, { headers }: { headers: Record<string, string> }) => {
      asked.push({ path, headers });
      return new Response("{}", { status: 200 });
    });
    await api.get("/api/x", { q: "停 车", after: null, kind: "", limit: 5 });
    await api.post("/api/x", {}, "the-key");
    expect(asked[0]?.path).toBe("/api/x?q=%E5%81%9C+%E8%BD%A6&limit=5");
    expect(asked[1]?.headers["Idempotency-Key"]).toBe("the-key");
  });
});

describe("a request that first wants the password", () => {
  const REFUSED = { type: "urn:sanxiang:confirm_password", detail: "too long ago" };
  let open: boolean;
  let sent: string[];
  let asked: number;

  function server(right: boolean): void {
    [open, sent, asked] = [false, [], 0];
    vi.stubGlobal("fetch", async (path: string) => {
      sent.push(path);
      return open
        ? new Response('{"done":true}', { status: 200 })
        : new Response(JSON.stringify(REFUSED), { status: 403, headers: { "Content-Type": "application/problem+json" } });
    });
    whenPasswordIsAsked(async () => {
      asked += 1;
      await Promise.resolve();
      open = right;
      return right;
    });
  }

  afterEach(() => whenPasswordIsAsked(async () => false));

  it("is sent again once it was shown; several ask once", async () => {
    server(true);
    expect(await Promise.all([api.post("/api/x"), api.delete("/api/y")])).toEqual([{ done: true }, { done: true }]);
    expect([asked, sent]).toEqual([1, ["/api/x", "/api/y", "/api/x", "/api/y"]]);
  });

  it("is refused when nobody shows it, and asks anew the next time", async () => {
    server(false);
    expect((await problemOf(api.post("/api/x"))).kind).toBe("confirm_password");
    expect((await problemOf(api.post("/api/x"))).kind).toBe("confirm_password");
    expect([asked, sent]).toEqual([2, ["/api/x", "/api/x"]]);
  });

  it("is no circle when the server asks again", async () => {
    server(true);
    whenPasswordIsAsked(async () => true);
    expect((await problemOf(api.post("/api/x"))).kind).toBe("confirm_password");
    expect(sent).toHaveLength(2);
  });

  it("is not the end of the session when the password is wrong", async () => {
    const over = vi.fn();
    whenSessionIsOver(over);
    answers(401, { type: "urn:sanxiang:wrong_login", detail: "wrong" });
    await problemOf(api.post("/api/me/confirm"));
    expect(over).not.toHaveBeenCalled();
    answers(401, { type: "urn:sanxiang:unauthenticated", detail: "log in" });
    await problemOf(api.post("/api/me/confirm"));
    expect(over).toHaveBeenCalledOnce();
    whenSessionIsOver(() => {});
  });
});

describe("a problem in words", () => {
  it("is the page's own words for its kind, in the page's language", () => {
    const problem = new ApiProblem("wrong_login", 401, "Name or password is wrong");
    expect(problemText(problem)).toBe("工号或密码不正确，或账号已锁定。请核对后重试，忘记密码请找管理员。");
    setLocale("en");
    expect(problemText(problem)).toBe("The number or the password is not right, or the account is locked. Check both; if the password is lost, ask an administrator.");
  });

  it("is the server's words where it has them in both languages", () => {
    const problem = new ApiProblem("conflict", 409, "not yours", { detail_zh: "不归您办理" });
    expect(problemText(problem)).toBe("不归您办理");
    setLocale("en");
    expect(problemText(problem)).toBe("not yours");
  });

  it("of a field is in the page's language where the server has both", () => {
    const both = { field: "q", message: "type a word", message_zh: "请输入一个词" };
    expect([fieldText(both), fieldText({ field: "q", message: "only this" })]).toEqual(["请输入一个词", "only this"]);
    setLocale("en");
    expect(fieldText(both)).toBe("type a word");
  });

  it("of an unknown kind is a refusal with its detail", () => {
    expect(problemText(new ApiProblem("never_heard_of", 409, "because"))).toContain("because");
  });

  it("of a booking is told by its reason", () => {
    const reasons = Object.keys((i18n.global.messages.value["zh-CN"] as never as { bookings: { refused: object } }).bookings.refused);
    const [reason = ""] = reasons;
    expect(refusalText(new ApiProblem("conflict", 409, "x", { reason }))).toBe(i18n.global.t(`bookings.refused.${reason}`));
    expect(refusalText(new ApiProblem("gone", 410, "x"))).toBe(i18n.global.t("problem.gone"));
  });

  it("that is none, but a fault of the page, says so", () => {
    expect(faultText(new TypeError("x is undefined"))).toContain("页面出错了");
    setLocale("en");
    expect(faultText("anything")).toContain("This page failed");
    expect(faultText(new ApiProblem("gone", 410, "x"))).toBe(problemText(new ApiProblem("gone", 410, "x")));
  });
});

describe("on the plain HTTP of a LAN", () => {
  it("a key is 32 hexadecimal digits, and each is another", () => {
    const keys = Array.from({ length: 200 }, newKey);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(keys).size).toBe(200);
  });

  it("nothing is asked of the browser that it gives to https alone", () => {
    const withheld = /crypto\s*\??\.\s*(randomUUID|subtle)|navigator\s*\??\.\s*(clipboard|mediaDevices|serviceWorker|locks|wakeLock|storage|share)|\bshow(Save|Open)FilePicker|\bcaches\.|new Notification\(/;
    const uses = Object.entries(source).flatMap(([file, text]) =>
      text.split("\n").filter((line) => withheld.test(line) && !/^\s*(\/\/|\*|\/\*\*)/.test(line)).map((line) => `${file}: ${line.trim()}`),
    );
    expect(uses).toEqual([]);
  });
});
