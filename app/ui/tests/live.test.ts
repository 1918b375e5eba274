// The live lines and what the desk makes of their messages: pops, progress, wrap-up, losses and resumptions.

import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Agent, DeskMessage, Me, Pop, Wallboard } from "../src/api/types";
import { WallboardFeed } from "../src/api/wallboard_feed";
import { useDesk } from "../src/stores/desk";
import { useDrafts } from "../src/stores/drafts";
import { useSession } from "../src/stores/session";

const AT = "2026-11-30T04:00:00.000Z";
const LATER = "2026-11-30T04:01:15.000Z";

/** The browser's WebSocket, with the server's end in the test's hand. */
class Line {
  static readonly OPEN = 1;
  static all: Line[] = [];
  readyState = 1;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: { type: string; seq: number }[] = [];

  constructor(readonly url: string) {
    Line.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as { type: string; seq: number });
  }

  close(): void {
    this.readyState = 3;
  }

  say(message: DeskMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  breaks(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const newest = () => Line.all.at(-1) as Line;

function agent(state: Agent["state"], more: Partial<Agent> = {}): Agent {
  return { agent: "8001", name: "林", name_en: "Lin", role: "agent", state, reason: null, since: AT, call: null, until: null, queues: [], wish: null, ...more } as Agent;
}

const pop = (more: Partial<Pop> = {}): Pop => ({ kind: "inbound", number_display: "13812345678", due_call: null, tickets: [], came_from: [], ...more }) as Pop;

let seq = 0;
const hello = (more: Partial<Extract<DeskMessage, { type: "hello" }>> = {}): DeskMessage => ({ type: "hello", seq, at: AT, agent: "8001", gap: false, state: agent("available"), ...more }) as DeskMessage;
const state = (now: Agent["state"], more: Partial<Agent> = {}): DeskMessage => ({ type: "agent_state", seq: ++seq, at: AT, ...agent(now, more) }) as DeskMessage;
const pops = (call: string, more: Partial<Pop> = {}): DeskMessage => ({ type: "screen_pop", seq: ++seq, at: AT, call, ticket: `t-${call}`, pop: pop(more) });
const began = new Map<string, string>();
const call = (name: string, how: "ringing" | "talking" | "hold" | "ended", since = AT, endedBy: "caller" | "agent" | null = null): DeskMessage => {
  if (how === "ringing") began.delete(name);
  if (how === "talking" && !began.has(name)) began.set(name, since);
  return {
    type: "call",
    seq: ++seq,
    at: AT,
    call: name,
    ticket: `t-${name}`,
    direction: "inbound",
    state: how,
    since,
    talk_since: began.get(name) ?? null,
    ended_by: endedBy,
    talk: null,
  };
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  began.clear();
  sessionStorage.clear();
  setActivePinia(createPinia());
  Line.all = [];
  seq = 0;
  vi.stubGlobal("WebSocket", Line);
  useSession().me = { agent: agent("available"), user: { name: "8001" } } as unknown as Me;
});
afterEach(() => {
  useDesk().close();
  vi.useRealTimers();
});

function openDesk() {
  const desk = useDesk();
  const heard = { resumed: 0, over: 0 };
  desk.open(
    () => (heard.resumed += 1),
    () => (heard.over += 1),
  );
  newest().say(hello());
  return { desk, heard };
}

describe("the desk", () => {
  it("shows a call from its pop on, with the progress that came before it", () => {
    const { desk } = openDesk();
    newest().say(state("ringing", { call: "c1" }));
    newest().say(call("c1", "ringing"));
    expect(desk.current).toBeNull();
    newest().say(pops("c1"));
    expect(desk.current).toMatchObject({ call: "c1", ticket: "t-c1", stage: "ringing", direction: "inbound" });
  });

  it("keeps the beginning of the talk through hold and resumption", () => {
    const { desk } = openDesk();
    newest().say(state("talking", { call: "c1" }));
    newest().say(pops("c1"));
    newest().say(call("c1", "talking", AT));
    newest().say(call("c1", "hold", LATER));
    expect(desk.current).toMatchObject({ stage: "hold", talkSince: AT });
    newest().say(call("c1", "talking", LATER));
    expect(desk.current).toMatchObject({ stage: "talking", talkSince: AT, endedAt: null });
  });

  it("begins a clock anew when the same call rings again", () => {
    const { desk } = openDesk();
    newest().say(state("talking", { call: "c1" }));
    newest().say(pops("c1"));
    newest().say(call("c1", "talking", AT));
    newest().say(call("c1", "ringing", LATER));
    newest().say(call("c1", "talking", LATER));
    expect(desk.current?.talkSince).toBe(LATER);
  });

  it("keeps the call through wrap-up and puts it away when the agent is free", () => {
    const { desk } = openDesk();
    newest().say(state("talking", { call: "c1" }));
    newest().say(pops("c1"));
    newest().say(call("c1", "ended", LATER, "caller"));
    newest().say(state("wrap_up", { call: "c1", until: LATER }));
    expect(desk.current).toMatchObject({ stage: "ended", endedBy: "caller", endedAt: LATER, talk: null });
    expect(desk.onACall).toBe(true);
    newest().say(state("available"));
    expect(desk.current).toBeNull();
  });

  it("keeps the panel of a call whose ticket is not saved, as ended", () => {
    const { desk } = openDesk();
    newest().say(state("talking", { call: "c1" }));
    newest().say(pops("c1"));
    newest().say(call("c1", "talking"));
    useDrafts().keep("t-c1", { matter: "还没保存" });
    newest().say(state("available", { since: LATER }));
    expect(desk.current).toMatchObject({ call: "c1", stage: "ended", endedAt: LATER });
  });

  it("shows the next call's pop instead of the last one's, two in a row", () => {
    const { desk } = openDesk();
    for (const name of ["c1", "c2"]) {
      newest().say(state("ringing", { call: name }));
      newest().say(pops(name));
      expect(desk.current).toMatchObject({ call: name, stage: "offered", talkSince: null });
      newest().say(call(name, "talking"));
      newest().say(call(name, "ended", LATER, "agent"));
      newest().say(state("wrap_up"));
    }
    expect(desk.current?.call).toBe("c2");
  });

  it("does not bring back a call that is over by a pop that comes late", () => {
    const { desk } = openDesk();
    newest().say(call("c1", "ended"));
    newest().say(pops("c1"));
    expect(desk.current).toBeNull();
  });

  it("takes a callback as outbound, and remembers that it was accepted", () => {
    const { desk } = openDesk();
    newest().say(state("reserved", { call: "c1" }));
    newest().say(pops("c1", { kind: "callback", due_call: "d1" }));
    expect(desk.current?.direction).toBe("outbound");
    desk.noteAccepted();
    newest().say(pops("c1", { kind: "callback", due_call: "d1" }));
    expect(desk.current?.accepted).toBe(true);
    newest().say(pops("c2", { kind: "callback", due_call: "d2" }));
    expect(desk.current?.accepted).toBe(false);
  });

  it("counts what lists wait for: tickets, messages", () => {
    const { desk } = openDesk();
    const [changes, messages] = [desk.changes, desk.messages];
    newest().say({ type: "ticket", seq: ++seq, at: AT, ticket: "t-9", version: 4 });
    newest().say({ type: "message", seq: ++seq, at: AT, message: "1", sender: "8002", recipient: "8001", read_at: null });
    expect([desk.changes - changes, desk.messages - messages, desk.ticketVersions["t-9"]]).toEqual([1, 1, 4]);
  });
});

describe("the desk's line", () => {
  it("confirms what was shown and takes nothing twice", () => {
    const { desk } = openDesk();
    const ticket: DeskMessage = { type: "ticket", seq: ++seq, at: AT, ticket: "t-9", version: 1 };
    const before = desk.changes;
    newest().say(ticket);
    newest().say(ticket);
    expect(desk.changes - before).toBe(1);
    expect(newest().sent).toEqual([{ type: "ack", seq: 1 }]);
  });

  it("resumes after the last message it had", () => {
    const { desk, heard } = openDesk();
    newest().say(state("talking"));
    newest().breaks();
    expect(desk.connection).toBe("lost");
    vi.advanceTimersByTime(400);
    expect(Line.all).toHaveLength(2);
    expect(newest().url).toMatch(/agent=8001&after=1$/);
    newest().say(hello());
    expect([desk.connection, heard.resumed]).toEqual(["up", 1]);
  });

  it("begins from nothing after a gap, or when the server counts from the beginning", () => {
    const { desk } = openDesk();
    newest().say(state("talking"));
    newest().say(state("hold"));
    newest().breaks();
    vi.advanceTimersByTime(400);
    seq = 0;
    newest().say(hello({ gap: true }));
    newest().say(state("wrap_up"));
    expect(desk.agent?.state).toBe("wrap_up");
  });

  it("is lost when nothing is said for twelve seconds", () => {
    const { desk } = openDesk();
    vi.advanceTimersByTime(11_900);
    newest().say({ type: "alive", seq, at: AT });
    vi.advanceTimersByTime(11_900);
    expect(desk.connection).toBe("up");
    vi.advanceTimersByTime(200);
    expect([desk.connection, Line.all.length]).toEqual(["lost", 2]);
  });

  it("tries again later and later, four seconds at most", () => {
    openDesk();
    const pauses = [];
    for (let each = 0; each < 7; each += 1) {
      const [lines, from] = [Line.all.length, Date.now()];
      newest().breaks();
      while (Line.all.length === lines) vi.advanceTimersByTime(10);
      pauses.push(Date.now() - from);
    }
    expect(pauses[0]).toBeLessThanOrEqual(310);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(4_810);
    expect(pauses[6]).toBeGreaterThan(3_100);
  });

  it("ends with the session, and does not come back", () => {
    const { heard } = openDesk();
    newest().breaks(4401);
    vi.advanceTimersByTime(60_000);
    expect([heard.over, Line.all.length]).toEqual([1, 1]);
  });

  it("is still there after a message that could not be shown", () => {
    const { desk } = openDesk();
    expect(() => newest().say({ ...pops("c1"), pop: null } as unknown as DeskMessage)).toThrow(TypeError);
    newest().say(state("ringing", { call: "c2" }));
    newest().say(pops("c2"));
    expect(desk.current?.call).toBe("c2");
  });
});

describe("drafts", () => {
  it("are kept per ticket, gone when nothing differs, and one person's only", () => {
    const drafts = useDrafts();
    drafts.belongTo("8001");
    drafts.keep("t-1", { matter: "停车" });
    drafts.keep("t-2", { note: "再问" });
    drafts.keep("t-2", {});
    expect([drafts.numbers, drafts.of("t-1"), drafts.of("t-2")]).toEqual([["t-1"], { matter: "停车" }, {}]);
    drafts.belongTo("8001");
    expect(drafts.has("t-1")).toBe(true);
    drafts.belongTo("8002");
    expect(drafts.numbers).toEqual([]);
  });
});

describe("the wallboard's line", () => {
  it("goes on after a picture that could not be shown, and reports it", async () => {
    const blocks = ["1", "2", "3"].map((at) => `event: wallboard\ndata: {"at": "${at}"}\n\n`).join(": alive\n\n");
    vi.stubGlobal("fetch", async () => new Response(blocks));
    const reported: unknown[] = [];
    vi.stubGlobal("reportError", (fault: unknown) => reported.push(fault));
    const shown: string[] = [];
    await new Promise<void>((resolve) => {
      const feed: WallboardFeed = new WallboardFeed({
        snapshot({ at }: Wallboard) {
          if (at === "1") throw new TypeError("cannot be shown");
          shown.push(at);
        },
        lost() {
          feed.close();
          resolve();
        },
        sessionOver() {},
      });
      void feed.run();
    });
    expect(shown).toEqual(["2", "3"]);
    expect(reported).toEqual([new TypeError("cannot be shown")]);
  });

  it("ends with the session", async () => {
    vi.stubGlobal("fetch", async () => new Response("", { status: 401 }));
    let over = 0;
    await new WallboardFeed({ snapshot() {}, lost() {}, sessionOver: () => (over += 1) }).run();
    expect(over).toBe(1);
  });
});
