// When a figure is good, needs a look, or is bad: the wallboard's colours as rules. Pure. TEL-1, TEL-2

export type Tone = "plain" | "good" | "warn" | "bad";

/** A wait is fine within the threshold (s), bad after three times of it. */
export function waitTone(seconds: number | null, threshold: number): Tone {
  if (seconds === null) return "good";
  if (seconds > 3 * threshold) return "bad";
  return seconds > threshold ? "warn" : "good";
}

/** A share that should be high: good from `target`, bad below `floor`. */
export function shareTone(share: number | null | undefined, target: number, floor: number): Tone {
  if (share === null || share === undefined) return "plain";
  if (share >= target) return "good";
  return share >= floor ? "warn" : "bad";
}

/** A share that should be low: good up to 5 %, bad above 10 %. */
export function abandonTone(share: number | null | undefined): Tone {
  if (share === null || share === undefined) return "plain";
  if (share <= 0.05) return "good";
  return share <= 0.1 ? "warn" : "bad";
}
