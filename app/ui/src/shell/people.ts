// How colleagues are called on pages: name and number, as the site has them.

import { useWords } from "../i18n";
import { useSession } from "../stores/session";

export function usePeople() {
  const { t, titleOf } = useWords();
  const session = useSession();

  /** "林晓雨 8001"; the system by its word; an unknown id as it is. */
  function personOf(id: string | null | undefined): string {
    if (!id) return "–";
    if (id === "system") return t("app.name");
    const known = session.site?.colleagues.find((one) => one.id === id);
    return known ? `${titleOf(known)} ${id}` : id;
  }

  return { personOf };
}
