// The pages' own source as text, for tests about what it says.

const files = import.meta.glob<string>("../src/**/*.{ts,vue}", { query: "?raw", import: "default", eager: true });

/** Path below src → text. */
export const source: Record<string, string> = Object.fromEntries(
  Object.entries(files).map(([path, text]) => [path.replace("../src/", ""), text]),
);
