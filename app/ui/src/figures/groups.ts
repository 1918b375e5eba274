// What a figure is grouped by, in words, and the way from a number to its calls. RPT-1

import type { LocationQueryRaw, RouteLocationRaw } from "vue-router";

import type { GroupedBy, Ratio, Site } from "../api/types";
import { clockText, shareText, timeText } from "../clock";
import { useWords } from "../i18n";
import { useSession } from "../stores/session";

/** The title of a group as the site gives it; the key itself for what the site has no more. */
export function useGroupTitle() {
  const { t, titleOf, locale } = useWords();
  const session = useSession();

  function titleIn(site: Site | null, by: GroupedBy, key: string): string {
    if (key === "") return t("figures.other");
    if (by === "queue") return titleOf(site?.queues.find((one) => one.queue === key)) || key;
    if (by === "line") return titleOf(site?.lines.find((one) => one.kind === key)) || key;
    if (by === "agent") return [key, titleOf(site?.colleagues.find((one) => one.id === key))].filter(Boolean).join(" ");
    if (by === "level") return titleOf(site?.levels.find((one) => one.id === key)) || key;
    if (by === "interval") return timeText(key, locale.value, site?.time_zone ?? "UTC");
    return key;
  }

  return (by: GroupedBy, key: string) => titleIn(session.site, by, key);
}

export interface CountedBy {
  figure?: string;
  but_not?: string;
  since?: string;
  until?: string;
  line?: string;
  level?: string;
  queue?: string;
  agent?: string;
}

/** The page with the calls that a number counts. */
export function callsBehind(counted: CountedBy): RouteLocationRaw {
  return { name: "counted-calls", query: { ...counted } as LocationQueryRaw };
}

const QUARTER_MS = 15 * 60 * 1000;

/** Which calls a group has, as a query. */
export function groupQuery(by: GroupedBy, key: string): CountedBy {
  if (by === "interval") return { since: key, until: new Date(Date.parse(key) + QUARTER_MS).toISOString() };
  return by === "total" || key === "" ? {} : { [by]: key };
}

/** 0.83 → "83%", 75 s → "1:15", nothing → "–". */
export function ratioText(ratio: Ratio | null | undefined): string {
  if (!ratio || ratio.value === null) return "–";
  return ratio.unit === "share" ? shareText(ratio.value) : clockText(ratio.value);
}
