// Who is logged in, and what the site is called: the answer of GET /api/me, kept while the session lasts.

import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { api, ApiProblem, whenSessionIsOver } from "../api/client";
import type { Me } from "../api/types";
import { useDrafts } from "./drafts";

export const useSession = defineStore("session", () => {
  const me = ref<Me | null>(null);
  /** The session ended by itself, not by the user's wish. */
  const expired = ref(false);
  /** The server did not answer when the page was opened. */
  const fault = ref<ApiProblem | null>(null);
  let restoring: Promise<void> | null = null;

  const user = computed(() => me.value?.user ?? null);
  const site = computed(() => me.value?.site ?? null);
  /** Logged in, with nothing to do first. */
  const entered = computed(() => user.value !== null && user.value.pending === null);
  const supervises = computed(() => user.value !== null && user.value.role !== "agent");

  async function takeUp(): Promise<void> {
    const answer = await api.get<Me>("/api/me");
    useDrafts().belongTo(answer.user.name);
    me.value = answer;
    fault.value = null;
    expired.value = false;
  }

  async function load(): Promise<void> {
    try {
      await takeUp();
    } catch (problem) {
      if (!(problem instanceof ApiProblem)) throw problem;
      fault.value = problem.status === 401 ? null : problem;
    }
  }

  /** Takes up the cookie's session, once. */
  async function restore(): Promise<void> {
    if (me.value) return;
    restoring ??= load().finally(() => {
      restoring = null;
    });
    await restoring;
  }

  async function login(name: string, password: string): Promise<void> {
    await api.post("/api/login", { name, password });
    await takeUp();
  }

  /** One's own password, to another one; the other sessions end. */
  async function changePassword(old: string, chosen: string): Promise<void> {
    await api.post("/api/me/password", { old, new: chosen });
    await takeUp();
  }

  /** The second step of a login: a code of the app, or a recovery code. */
  async function enterCode(code: string): Promise<void> {
    await api.post("/api/login/code", { code });
    await takeUp();
  }

  async function logout(): Promise<void> {
    const signedOn = user.value?.signed_on ?? false;
    await api.post("/api/logout");
    useDrafts().belongTo("");
    me.value = null;
    expired.value = false;
    if (signedOn) window.location.assign("/api/login/sign-on/end");
  }

  function end(): void {
    expired.value ||= me.value !== null;
    me.value = null;
  }

  whenSessionIsOver(end);

  return { me, user, site, entered, supervises, expired, fault, load, restore, login, changePassword, enterCode, takeUp, logout, end };
});
