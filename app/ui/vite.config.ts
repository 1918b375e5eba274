// How the pages are built, tested (app/ui/tests) and, for work on them, served. `SANXIANG_URL` names the running system that `npm run dev` speaks to.
import { readFileSync } from "node:fs";

import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

const backend = process.env.SANXIANG_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [vue()],
  build: {
    outDir: "dist",
    target: "es2022",
    // The content security policy allows no inline scripts, and data: URLs only for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: backend, ws: true }, "/status": backend },
  },
  test: {
    environment: "happy-dom",
    include: ["tests/*.test.ts"],
    isolate: false,
    unstubGlobals: true,
    // The server's kinds of problems, for which the pages must have words.
    provide: { problems: readFileSync(new URL("../web/wire/problems.py", import.meta.url), "utf-8") },
  },
});
