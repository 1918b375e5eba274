// The wallboard's live line: server-sent events, read by hand because EventSource hides the server's `: alive` and its refusals.

import type { Wallboard } from "./types";

/** The server says something at least every 5 s; so much silence (ms) means that the line is dead. */
const SILENCE_LIMIT_MS = 12_000;
const RETRY_MS = 1_000;

export interface WallboardFeedListener {
  snapshot(wallboard: Wallboard): void;
  lost(): void;
  sessionOver(): void;
}

export class WallboardFeed {
  private stop = new AbortController();
  private silence: number | undefined;
  private closed = false;

  constructor(private readonly listener: WallboardFeedListener) {}

  /** Follows until `close`, through every loss of the line. */
  async run(): Promise<void> {
    while (!this.closed) {
      try {
        await this.follow();
      } catch (fault) {
        if (!(fault instanceof TypeError || fault instanceof DOMException)) throw fault;
      }
      window.clearTimeout(this.silence);
      if (this.closed) return;
      this.listener.lost();
      await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
    }
  }

  close(): void {
    this.closed = true;
    window.clearTimeout(this.silence);
    this.stop.abort();
  }

  private async follow(): Promise<void> {
    this.stop = new AbortController();
    this.watch();
    const response = await fetch("/api/live/wallboard", { credentials: "same-origin", signal: this.stop.signal });
    if (response.status === 401) this.sessionOver();
    if (!response.ok || !response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.watch();
      const blocks = (text + value).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) this.hand(block);
    }
  }

  /** A fault of whoever shows it is no fault of the line: it is reported, and the next snapshot comes as before. */
  private hand(block: string): void {
    try {
      this.receive(block);
    } catch (fault) {
      reportError(fault);
    }
  }

  private receive(block: string): void {
    const field = (name: string): string =>
      block
        .split("\n")
        .filter((line) => line.startsWith(`${name}:`))
        .map((line) => line.slice(name.length + 1).trimStart())
        .join("\n");
    if (field("event") === "session_over") this.sessionOver();
    if (field("event") === "wallboard") this.listener.snapshot(JSON.parse(field("data")) as Wallboard);
  }

  private sessionOver(): void {
    this.close();
    this.listener.sessionOver();
  }

  private watch(): void {
    window.clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.stop.abort(), SILENCE_LIMIT_MS);
  }
}
