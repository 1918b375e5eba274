// Times as pages show them: clocks, shares, the site's time zone, weeks, deadlines.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { lengthText, toneOf } from "../src/cases/due";
import { clockText, secondsSince, secondsUntil, serverNow, setServerTime, shareText, timeText } from "../src/clock";
import { lastWeeks } from "../src/quality/weeks";
import { cellText, periodName } from "../src/reports/report";
import { instantOf, siteTimeOf } from "../src/site_time";

const NOON = "2026-11-30T04:00:00.000Z";
const SHANGHAI = "Asia/Shanghai";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(new Date(NOON));
  setServerTime(NOON);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("clockText", () => {
  it.each([
    [0, "0:00"],
    [9.6, "0:10"],
    [75, "1:15"],
    [3599.4, "59:59"],
    [3600, "1:00:00"],
    [4000, "1:06:40"],
    [90_061, "25:01:01"],
    [null, "–"],
  ])("writes %s s as %s", (seconds, text) => {
    expect(clockText(seconds)).toBe(text);
  });
});

describe("shareText", () => {
  it.each([
    [0, "0%"],
    [0.834, "83%"],
    [0.999, "99%"],
    [1, "100%"],
    [null, "–"],
    [undefined, "–"],
  ])("writes %s as %s: what is not whole is never 100 %%", (share, text) => {
    expect(shareText(share)).toBe(text);
  });
});

describe("the page's clock", () => {
  it("follows the server, not the computer it runs on", () => {
    setServerTime("2026-11-30T04:05:00.000Z");
    expect(serverNow()).toBe(Date.parse("2026-11-30T04:05:00.000Z"));
    expect(secondsSince(NOON)).toBe(300);
  });

  it("counts whole seconds, never below zero", () => {
    expect(secondsSince("2026-11-30T03:59:58.500Z")).toBe(1);
    expect(secondsUntil("2026-11-30T04:00:01.200Z")).toBe(2);
    expect(secondsSince("2026-11-30T04:00:09.000Z")).toBe(0);
    expect(secondsUntil("2026-11-30T03:00:00.000Z")).toBe(0);
    expect([secondsSince(null), secondsUntil(undefined)]).toEqual([null, null]);
  });
});

describe("timeText", () => {
  it("names the day only when it is not the site's today", () => {
    expect(timeText("2026-11-30T01:05:07.000Z", "zh-CN", SHANGHAI)).toBe("09:05");
    expect(timeText("2026-11-30T01:05:07.000Z", "zh-CN", SHANGHAI, true)).toBe("09:05:07");
    expect(timeText("2026-11-28T01:05:00.000Z", "zh-CN", SHANGHAI)).toMatch(/^11月28日.*09:05$/);
    expect(timeText("2026-11-28T01:05:00.000Z", "en", SHANGHAI)).toMatch(/Nov 28.*09:05/);
  });

  it("takes the day from the site's zone: 16:00 UTC is tomorrow in Shanghai", () => {
    expect(timeText("2026-11-29T16:00:00.000Z", "zh-CN", SHANGHAI)).toBe("00:00");
    expect(timeText("2026-11-29T15:59:00.000Z", "zh-CN", SHANGHAI)).toContain("11月29日");
    expect(timeText(null, "zh-CN", SHANGHAI)).toBe("–");
  });
});

describe("the site's time", () => {
  it("is Shanghai's wherever the browser stands", () => {
    expect(new Date(instantOf("2026-11-30 09:30", SHANGHAI)).toISOString()).toBe("2026-11-30T01:30:00.000Z");
    expect(siteTimeOf(Date.parse("2026-11-30T16:01:00.000Z"), SHANGHAI)).toBe("2026-12-01 00:01");
  });

  it.each([SHANGHAI, "Europe/Berlin", "America/St_Johns", "UTC"])("goes to an instant and back in %s, through summer time too", (zone) => {
    for (let day = 0; day < 366; day += 3) {
      const at = siteTimeOf(Date.UTC(2026, 0, 1, 12, 30) + day * 86_400_000, zone);
      expect(siteTimeOf(instantOf(at, zone), zone)).toBe(at);
    }
  });
});

describe("weeks", () => {
  it("are ISO weeks, Monday to Sunday, newest first", () => {
    expect(lastWeeks("2026-11-28", 2)).toEqual([
      { id: "2026-W48", days: "11-23 – 11-29" },
      { id: "2026-W47", days: "11-16 – 11-22" },
    ]);
  });

  it("belong to the year of their Thursday", () => {
    expect(lastWeeks("2027-01-03", 1)[0]?.id).toBe("2026-W53");
    expect(lastWeeks("2024-12-30", 1)[0]?.id).toBe("2025-W01");
  });

  it("are called the same by reports and by spot checks, on every day of ten years", () => {
    for (let day = Date.UTC(2020, 0, 1); day < Date.UTC(2030, 0, 1); day += 86_400_000) {
      const date = new Date(day).toISOString().slice(0, 10);
      expect(periodName("weekly", date)).toBe(lastWeeks(date, 1)[0]?.id);
    }
    expect([periodName("daily", "2026-11-27"), periodName("monthly", "2026-11-27")]).toEqual(["2026-11-27", "2026-11"]);
  });
});

describe("a report's cells", () => {
  it.each([
    [0.8345, "share", "83.5 %"],
    [8.26, "seconds", "8.3 s"],
    [75, "seconds", "0:01:15"],
    [90_061, "seconds", "1 d 1:01:01"],
    [-75, "seconds", "-0:01:15"],
    ["2026-11-30T01:30:00.000Z", "instant", "2026-11-30 09:30:00"],
    [null, "count", "–"],
    ["", "text", "–"],
    [0, "count", "0"],
    [{ zh: "未达标", en: "missed" }, "text", "未达标"],
  ] as const)("shows %s of kind %s as %s", (cell, kind, text) => {
    expect(cellText(cell, kind, SHANGHAI, ({ zh }) => zh)).toBe(text);
  });
});

describe("a deadline", () => {
  const now = Date.parse(NOON);
  const inHours = (hours: number) => new Date(now + hours * 3_600_000).toISOString();

  it.each([
    ["late once it has passed", { due_at: inHours(0) }, "late"],
    ["near in its last two hours", { due_at: inHours(2) }, "near"],
    ["near when 80 % are used", { due_at: inHours(10), started_at: inHours(-40) }, "near"],
    ["near when people were told", { due_at: inHours(100), warned: true }, "near"],
    ["calm before that", { due_at: inHours(10.1), started_at: inHours(-39.9) }, "calm"],
    ["still while its clock stands", { due_at: null }, "still"],
  ])("is %s", (_, due, tone) => {
    expect(toneOf(due, now)).toBe(tone);
  });

  it("is told in its two largest units", () => {
    const t = (key: string, values: Record<string, unknown>) => `${key} ${JSON.stringify(values)}`;
    expect(lengthText(59 * 60_000, t)).toBe('cases.minutes {"m":59}');
    expect(lengthText(-125 * 60_000, t)).toBe('cases.hours {"h":2,"m":5}');
    expect(lengthText(51 * 3_600_000, t)).toBe('cases.days {"d":2,"h":3}');
  });
});
