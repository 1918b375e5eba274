// The last net: whatever no action caught is said on the page and written to the console; nothing fails unseen.

import { ElMessage } from "element-plus";
import type { App } from "vue";
import type { Router } from "vue-router";

import { faultText } from "./tell";

const SHOWN_MS = 12_000;

function say(fault: unknown): void {
  ElMessage({ type: "error", message: faultText(fault), duration: SHOWN_MS, showClose: true, grouping: true });
}

/** Watches Vue, the router, and the window for exceptions and rejected promises that nobody caught. */
export function watchForFaults(app: App, router: Router): void {
  const sayAndNote = (fault: unknown): void => {
    // Vue and the router hand these over instead of the browser, which would have noted them.
    console.error(fault);
    say(fault);
  };
  app.config.errorHandler = sayAndNote;
  router.onError(sayAndNote);
  window.addEventListener("error", ({ error }) => {
    // Without an error it is a remark of the browser itself, for example that a ResizeObserver was late.
    if (error) say(error);
  });
  window.addEventListener("unhandledrejection", ({ reason }) => say(reason));
}
