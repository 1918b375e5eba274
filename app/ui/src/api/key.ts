// Keys that make a request that is sent twice one request. The only place that asks the browser for random bytes.

/** A new key. Not by `crypto.randomUUID`: browsers withhold that one from pages that came over plain HTTP, as on a site's LAN. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
