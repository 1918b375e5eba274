// The live picture of all queues and agents, for the wallboard and the supervisor's page: one feed while somebody looks. RPT-1

import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";

import type { Wallboard } from "../api/types";
import { WallboardFeed } from "../api/wallboard_feed";
import { setServerTime } from "../clock";
import { useSession } from "./session";

export const useWallboard = defineStore("wallboard", () => {
  const session = useSession();
  const board = shallowRef<Wallboard | null>(null);
  const lost = ref(false);
  let feed: WallboardFeed | null = null;

  function open(): void {
    close();
    feed = new WallboardFeed({
      snapshot(snapshot) {
        setServerTime(snapshot.at);
        board.value = snapshot;
        lost.value = false;
      },
      lost() {
        lost.value = true;
      },
      sessionOver: session.end,
    });
    void feed.run();
  }

  function close(): void {
    feed?.close();
    feed = null;
    lost.value = false;
  }

  return { board, lost, open, close };
});
