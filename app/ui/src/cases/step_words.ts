// What a step is called on a button: the deed, not the fact.

import { useWords } from "../i18n";
import type { Case, Offer } from "./types";

export function useStepWords() {
  const { t, titleOf } = useWords();

  function actOf(offer: Offer, of: Case): string {
    if (offer.step === "registered" && of.stage !== "new") return t("cases.reclassify");
    return titleOf(offer);
  }

  return { actOf };
}
