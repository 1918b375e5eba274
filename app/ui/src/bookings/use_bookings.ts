// What several of these pages need: names of guides and people, dates at the site, the state's colour.

import { computed } from "vue";

import { serverNow } from "../clock";
import { useWords } from "../i18n";
import { instantOf, siteTimeOf } from "../site_time";
import { useSession } from "../stores/session";
import type { Guide, Rules } from "./types";

const DAY_MS = 24 * 3600 * 1000;

export function useBookings() {
  const words = useWords();
  const session = useSession();
  const zone = computed(() => session.site?.time_zone ?? "UTC");
  const today = computed(() => siteTimeOf(serverNow(), zone.value).slice(0, 10));

  /** The local date so many days from another. */
  function dayFrom(day: string, days: number): string {
    return new Date(Date.parse(`${day}T12:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
  }

  /** Midnight of a local date, as an instant. */
  function midnight(day: string): string {
    return new Date(instantOf(`${day} 00:00`, zone.value)).toISOString();
  }

  /** "11-25 Wed" in the page's language. */
  function dayText(day: string): string {
    const format: Intl.DateTimeFormatOptions = { month: "short", day: "numeric", weekday: "short", timeZone: "UTC" };
    return new Intl.DateTimeFormat(words.locale.value, format).format(new Date(`${day}T12:00:00Z`));
  }

  /** "11月25日 周三 14:00–15:00". */
  function whenText(from: string, to?: string): string {
    const [day = "", clock = ""] = siteTimeOf(Date.parse(from), zone.value).split(" ");
    const end = to ? `–${siteTimeOf(Date.parse(to), zone.value).slice(11)}` : "";
    return `${dayText(day)} ${clock}${end}`;
  }

  function languageText(code: string | null): string {
    return code ? words.labelOf("language", code) : words.t("bookings.noLanguage");
  }

  function guideText(id: string | null, rules: Rules | null): string {
    const guide: Guide | undefined = rules?.guides.find((one) => one.id === id);
    return guide ? words.nameOf(guide) : (id ?? "");
  }

  function personText(id: string): string {
    const person = session.site?.colleagues.find((one) => one.id === id);
    return person ? `${words.titleOf(person)} ${id}` : id;
  }

  return { ...words, session, zone, today, dayFrom, midnight, dayText, whenText, languageText, guideText, personText };
}
