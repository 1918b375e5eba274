// What a step is called on a button: the deed, not the fact.

import { useWords } from "../i18n";
import type { Case, Offer } from "./types";

export function useStepWords() {
  const { t, te, titleOf } = useWords();

  function actOf(offer: Offer, of: Case): string {
    if (offer.step === "registered" && of.stage !== "new") return t("cases.reclassify");
    const key = `cases.act.${offer.step}`;
    return te(key) ? t(key) : titleOf(offer);
  }

  return { actOf };
}
