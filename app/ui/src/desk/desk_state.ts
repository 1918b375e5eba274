// The agent's desk as a fold over its live messages. Pure: no requests, no clock, no screen. A page that was away and one just
// opened come to the same state (tests/integration/web/test_stale_pages.py). CUS-2

import type { Agent, AgentChanged, CallChanged, DeskMessage, Direction, Instant, Pop, ScreenPop, TalkStatus } from "../api/types";

export type CallStage = "offered" | CallChanged["state"];

interface CallProgress {
  stage: CallStage;
  direction: Direction;
  talkSince: Instant | null;
  endedAt: Instant | null;
  endedBy: string | null;
  talk: TalkStatus | null;
}

export interface CurrentCall extends CallProgress {
  call: string;
  ticket: string;
  pop: Pop;
  /** A callback offer that this agent has accepted. */
  accepted: boolean;
}

export interface DeskState {
  agent: Agent | null;
  current: CurrentCall | null;
  /** How calls go on, newest last: the first news of a call may come before its pop, which waits for the customer's card. */
  progress: ReadonlyMap<string, CallProgress>;
  /** Counts up when tickets or due calls have changed, so that lists read themselves anew. */
  changes: number;
  /** Counts up when a colleague's message has come, or was read. */
  messages: number;
  ticketVersions: Readonly<Record<string, number>>;
}

/** Whether something typed into this ticket is not saved yet. */
export type HasDraft = (ticket: string) => boolean;

export const NOBODY: DeskState = { agent: null, current: null, progress: new Map(), changes: 0, messages: 0, ticketVersions: {} };

const NOTHING_KNOWN: CallProgress = {
  stage: "offered",
  direction: "inbound",
  talkSince: null,
  endedAt: null,
  endedBy: null,
  talk: null,
};
const PROGRESS_KEPT = 20;
const ON_A_CALL: readonly Agent["state"][] = ["reserved", "ringing", "talking", "hold", "wrap_up"];

export function isOnACall(agent: Agent | null): boolean {
  return agent !== null && ON_A_CALL.includes(agent.state);
}

/** The state after a message. */
export function apply(state: DeskState, message: DeskMessage, hasDraft: HasDraft): DeskState {
  switch (message.type) {
    case "hello": {
      const told = message.state ? applyAgent(state, message.state, hasDraft) : state;
      return { ...told, messages: state.messages + 1 };
    }
    case "alive":
      return state;
    case "agent_state":
      return applyAgent(state, message, hasDraft);
    case "screen_pop":
      return applyPop(state, message);
    case "call":
      return applyProgress(state, message);
    case "ticket": {
      const ticketVersions = { ...state.ticketVersions, [message.ticket]: message.version };
      return { ...state, ticketVersions, changes: state.changes + 1 };
    }
    case "message":
      return { ...state, messages: state.messages + 1 };
    default:
      return state; // of a server newer than this page
  }
}

/** The agent's own state, from a message or from the answer to a wish. */
export function applyAgent(state: DeskState, news: Agent | AgentChanged, hasDraft: HasDraft): DeskState {
  if (!state.agent) return state;
  const { state: now, reason, since, call, until, queues, wish } = news;
  const agent: Agent = { ...state.agent, state: now, reason, since, call, until, queues, wish };
  const current = isOnACall(agent) ? state.current : leftCall(state.current, since, hasDraft);
  return { ...state, agent, current };
}

/** The agent is free again: the panel closes, unless its ticket still waits to be saved. */
function leftCall(current: CurrentCall | null, at: Instant, hasDraft: HasDraft): CurrentCall | null {
  if (!current || !hasDraft(current.ticket)) return null;
  return current.stage === "ended" ? current : { ...current, stage: "ended", endedAt: at };
}

function applyPop(state: DeskState, { call, ticket, pop }: ScreenPop): DeskState {
  const unknown: CallProgress = { ...NOTHING_KNOWN, direction: pop.kind === "callback" ? "outbound" : "inbound" };
  const known = state.progress.get(call) ?? unknown;
  if (known.stage === "ended" && !isOnACall(state.agent)) return state;
  const accepted = state.current?.call === call && state.current.accepted;
  return { ...state, current: { call, ticket, pop, accepted, ...known }, changes: state.changes + 1 };
}

function applyProgress(state: DeskState, message: CallChanged): DeskState {
  const { call, state: stage, direction, since } = message;
  const ended = stage === "ended";
  const known: CallProgress = {
    stage,
    direction,
    talkSince: message.talk_since,
    endedAt: ended ? since : null,
    endedBy: ended ? message.ended_by : null,
    talk: ended ? null : message.talk,
  };
  const progress = new Map([...state.progress, [call, known] as const].slice(-PROGRESS_KEPT));
  const current = state.current?.call === call ? { ...state.current, ...known } : state.current;
  return { ...state, current, progress, changes: state.changes + (ended ? 1 : 0) };
}
