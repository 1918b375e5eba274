// The agent's live desk: the line to the server, and what the agent wishes. How it stands is a fold (desk/desk_state.ts).

import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";

import { api } from "../api/client";
import { DeskFeed } from "../api/desk_feed";
import type { Agent, ChosenState, DeskMessage, DueCall } from "../api/types";
import { setServerTime } from "../clock";
import { apply, applyAgent, isOnACall, NOBODY, type DeskState } from "../desk/desk_state";
import { useDrafts } from "./drafts";
import { useSession } from "./session";

export const useDesk = defineStore("desk", () => {
  const session = useSession();
  const drafts = useDrafts();
  const state = shallowRef<DeskState>(NOBODY);
  const agent = computed(() => state.value.agent);
  const current = computed(() => state.value.current);
  const changes = computed(() => state.value.changes);
  const messages = computed(() => state.value.messages);
  const ticketVersions = computed(() => state.value.ticketVersions);
  const onACall = computed(() => isOnACall(state.value.agent));
  const connection = ref<"connecting" | "up" | "lost">("connecting");
  const feed = shallowRef<DeskFeed | null>(null);

  function open(onResumed: () => void, onSessionOver: () => void): void {
    const mine = session.me?.agent ?? null;
    change({ agent: mine });
    if (!mine || feed.value) return;
    connection.value = "connecting";
    feed.value = new DeskFeed(mine.agent, {
      message: take,
      connected(resumed) {
        connection.value = "up";
        noteChange();
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
    change({ current: null, progress: new Map() });
  }

  function change(some: Partial<DeskState>): void {
    state.value = { ...state.value, ...some };
  }

  function take(message: DeskMessage): void {
    if (message.type === "hello" || message.type === "alive") setServerTime(message.at);
    state.value = apply(state.value, message, drafts.has);
  }

  function takeAgent(answer: Agent): void {
    state.value = applyAgent(state.value, answer, drafts.has);
  }

  async function setState(wanted: ChosenState, reason: string | null = null): Promise<void> {
    if (!agent.value) return;
    takeAgent(await api.post<Agent>(`/api/agents/${agent.value.agent}/state`, { state: wanted, reason }));
  }

  async function changeWrapUp(action: "end" | "extend"): Promise<void> {
    if (!agent.value) return;
    takeAgent(await api.post<Agent>(`/api/agents/${agent.value.agent}/wrap-up`, { action }));
  }

  async function acceptCallback(): Promise<void> {
    const call = current.value;
    if (!call?.pop.due_call || call.accepted) return;
    await api.post<DueCall>(`/api/due-calls/${call.pop.due_call}/accept`);
    noteAccepted();
  }

  function noteAccepted(): void {
    if (current.value) change({ current: { ...current.value, accepted: true } });
  }

  function putAway(): void {
    change({ current: null });
  }

  function noteChange(): void {
    change({ changes: state.value.changes + 1 });
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
