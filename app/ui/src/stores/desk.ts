// The agent's live desk: own state, the call at hand, the line to the server. A fold over the desk's messages; it decides nothing.

import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";

import { api } from "../api/client";
import { DeskFeed } from "../api/desk_feed";
import type { Agent, AgentState, ChosenState, DeskMessage, Direction, DueCall, Instant, Pop, TalkStatus } from "../api/types";
import { setServerTime } from "../clock";
import { useDrafts } from "./drafts";
import { useSession } from "./session";

export type CallStage = "offered" | "ringing" | "talking" | "hold" | "ended";

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

const NOTHING_KNOWN: CallProgress = {
  stage: "offered",
  direction: "inbound",
  talkSince: null,
  endedAt: null,
  endedBy: null,
  talk: null,
};
const PROGRESS_KEPT = 20;
const ON_A_CALL: readonly AgentState[] = ["reserved", "ringing", "talking", "hold", "wrap_up"];

export const useDesk = defineStore("desk", () => {
  const session = useSession();
  const drafts = useDrafts();
  const agent = ref<Agent | null>(null);
  const current = ref<CurrentCall | null>(null);
  const connection = ref<"connecting" | "up" | "lost">("connecting");
  /** Counts up when tickets or due calls have changed, so that lists read themselves anew. */
  const changes = ref(0);
  /** Counts up when a colleague's message has come, or was read. */
  const messages = ref(0);
  const ticketVersions = ref<Record<string, number>>({});
  const feed = shallowRef<DeskFeed | null>(null);
  /** How calls go on: the first news of a call may come before its pop, which waits for the customer's card. */
  const progress = new Map<string, CallProgress>();

  const onACall = computed(() => agent.value !== null && ON_A_CALL.includes(agent.value.state));

  function open(onResumed: () => void, onSessionOver: () => void): void {
    agent.value = session.me?.agent ?? null;
    if (!agent.value || feed.value) return;
    connection.value = "connecting";
    feed.value = new DeskFeed(agent.value.agent, {
      message: fold,
      connected(resumed) {
        connection.value = "up";
        changes.value += 1;
        if (resumed) onResumed();
      },
      lost() {
        connection.value = "lost";
      },
      sessionOver: onSessionOver,
    });
    feed.value.open();
  }

  function close(): void {
    feed.value?.close();
    feed.value = null;
    current.value = null;
    progress.clear();
  }

  function fold(message: DeskMessage): void {
    if (message.type === "hello" || message.type === "alive") setServerTime(message.at);
    if (message.type === "hello" && message.state) takeState(message.state);
    else if (message.type === "agent_state") takeState(message);
    else if (message.type === "screen_pop") takePop(message);
    else if (message.type === "call") takeProgress(message);
    else if (message.type === "ticket") {
      ticketVersions.value[message.ticket] = message.version;
      changes.value += 1;
    } else if (message.type === "message" || message.type === "hello") messages.value += 1;
  }

  function takeState(news: Omit<Agent, "name" | "name_en" | "role">): void {
    if (!agent.value) return;
    const { state, reason, since, call, until, queues, wish } = news;
    agent.value = { ...agent.value, state, reason, since, call, until, queues, wish };
    if (!onACall.value) leaveCall(since);
  }

  /** The agent is free again: the panel closes, unless its ticket still waits to be saved. */
  function leaveCall(at: Instant): void {
    if (!current.value) return;
    if (!drafts.has(current.value.ticket)) current.value = null;
    else if (current.value.stage !== "ended") Object.assign(current.value, { stage: "ended", endedAt: at });
  }

  function takePop(message: Extract<DeskMessage, { type: "screen_pop" }>): void {
    const { call, ticket, pop } = message;
    const accepted = current.value?.call === call && current.value.accepted;
    const unknown = { ...NOTHING_KNOWN, direction: pop.kind === "callback" ? ("outbound" as const) : ("inbound" as const) };
    const known = progress.get(call) ?? unknown;
    if (known.stage === "ended" && !onACall.value) return;
    current.value = { call, ticket, pop, accepted, ...known };
    changes.value += 1;
  }

  function takeProgress(message: Extract<DeskMessage, { type: "call" }>): void {
    const { call, state, direction, since, ended_by: endedBy } = message;
    const before = state === "ringing" ? NOTHING_KNOWN : (progress.get(call) ?? NOTHING_KNOWN);
    const ended = state === "ended";
    const known: CallProgress = {
      stage: state,
      direction,
      talkSince: state === "talking" ? (before.talkSince ?? since) : before.talkSince,
      endedAt: ended ? since : null,
      endedBy: ended ? endedBy : null,
      talk: ended ? null : (message.talk ?? null),
    };
    progress.set(call, known);
    for (const old of [...progress.keys()].slice(0, -PROGRESS_KEPT)) progress.delete(old);
    if (current.value?.call === call) Object.assign(current.value, known);
    if (ended) changes.value += 1;
  }

  async function setState(state: ChosenState, reason: string | null = null): Promise<void> {
    if (!agent.value) return;
    takeState(await api.post<Agent>(`/api/agents/${agent.value.agent}/state`, { state, reason }));
  }

  async function changeWrapUp(action: "end" | "extend"): Promise<void> {
    if (!agent.value) return;
    takeState(await api.post<Agent>(`/api/agents/${agent.value.agent}/wrap-up`, { action }));
  }

  async function acceptCallback(): Promise<void> {
    const call = current.value;
    if (!call?.pop.due_call || call.accepted) return;
    await api.post<DueCall>(`/api/due-calls/${call.pop.due_call}/accept`);
    noteAccepted();
  }

  function noteAccepted(): void {
    if (current.value) current.value.accepted = true;
  }

  function putAway(): void {
    current.value = null;
  }

  function noteChange(): void {
    changes.value += 1;
  }

  return {
    agent,
    current,
    connection,
    changes,
    messages,
    ticketVersions,
    onACall,
    open,
    close,
    setState,
    changeWrapUp,
    acceptCallback,
    noteAccepted,
    putAway,
    noteChange,
    reconnectNow: () => feed.value?.reconnectNow(),
  };
});
