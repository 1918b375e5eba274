// The desk's live line: a WebSocket that acknowledges what was shown and resumes after the last message it had (design D9).

import type { DeskAck, DeskMessage } from "./types";

/** The server says `alive` every 5 s; so much silence (ms) means that the line is dead. */
const SILENCE_LIMIT_MS = 12_000;
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000];
const SESSION_OVER = 4401;

export interface DeskFeedListener {
  message(message: DeskMessage): void;
  /** `resumed` is true when the line is back after it had been lost. */
  connected(resumed: boolean): void;
  lost(): void;
  sessionOver(): void;
}

export class DeskFeed {
  private socket: WebSocket | null = null;
  private lastSeq: number | null = null;
  private failures = 0;
  private hadConnection = false;
  private silence: number | undefined;
  private retry: number | undefined;
  private closed = false;

  constructor(
    private readonly agent: string,
    private readonly listener: DeskFeedListener,
  ) {}

  open(): void {
    window.addEventListener("online", this.reconnectNow);
    this.connect();
  }

  close(): void {
    this.closed = true;
    window.removeEventListener("online", this.reconnectNow);
    window.clearTimeout(this.retry);
    window.clearTimeout(this.silence);
    this.socket?.close(1000);
    this.socket = null;
  }

  /** Doesn't wait for the next attempt: the network is back, or the user asked for it. */
  readonly reconnectNow = (): void => {
    if (this.closed || this.socket?.readyState === WebSocket.OPEN) return;
    this.failures = 0;
    this.drop();
  };

  private connect(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const query = new URLSearchParams({ agent: this.agent });
    if (this.lastSeq !== null) query.set("after", String(this.lastSeq));
    const socket = new WebSocket(`${scheme}://${location.host}/api/live/desk?${query}`);
    this.socket = socket;
    socket.onmessage = (event) => this.receive(socket, JSON.parse(event.data as string) as DeskMessage);
    socket.onclose = (event) => this.ended(socket, event.code);
    this.watch();
  }

  private receive(socket: WebSocket, message: DeskMessage): void {
    if (socket !== this.socket) return;
    this.watch();
    if (message.type === "hello") {
      this.failures = 0;
      if (message.gap || (this.lastSeq !== null && message.seq < this.lastSeq)) this.lastSeq = null;
      this.listener.connected(this.hadConnection);
      this.hadConnection = true;
    } else if (message.type !== "alive") {
      if (this.lastSeq !== null && message.seq <= this.lastSeq) return;
      this.lastSeq = message.seq;
    }
    this.listener.message(message);
    if (message.type !== "hello" && message.type !== "alive") {
      socket.send(JSON.stringify({ type: "ack", seq: message.seq } satisfies DeskAck));
    }
  }

  private ended(socket: WebSocket, code: number): void {
    if (socket !== this.socket || this.closed) return;
    window.clearTimeout(this.silence);
    if (code === SESSION_OVER) {
      this.listener.sessionOver();
      return;
    }
    this.listener.lost();
    const pause = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] ?? 4_000;
    this.failures += 1;
    window.clearTimeout(this.retry);
    this.retry = window.setTimeout(() => this.connect(), pause * (0.8 + 0.4 * Math.random()));
  }

  private watch(): void {
    window.clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.drop(), SILENCE_LIMIT_MS);
  }

  /** Gives this socket up without waiting for its close handshake, which a dead network never finishes. */
  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
    window.clearTimeout(this.retry);
    this.listener.lost();
    this.connect();
  }
}
