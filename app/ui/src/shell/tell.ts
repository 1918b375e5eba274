// Tells the user what happened, in words that say what to do.

import { ElMessage, ElMessageBox } from "element-plus";

import { ApiProblem, type FieldFault } from "../api/client";
import { i18n } from "../i18n";

export function problemText(problem: unknown): string {
  const { t, te, locale } = i18n.global;
  if (!(problem instanceof ApiProblem)) return t("problem.internal");
  const chinese = problem.extra.detail_zh;
  if (typeof chinese === "string" && chinese) return locale.value === "zh-CN" ? chinese : problem.detail;
  const key = `problem.${problem.kind}`;
  return te(key, "zh-CN") ? t(key, { detail: problem.detail }) : t("problem.refused", { detail: problem.detail });
}

/** What is wrong with a field, in the page's language where the server has it in both. */
export function fieldText(fault: FieldFault): string {
  return i18n.global.locale.value === "zh-CN" ? (fault.message_zh ?? fault.message) : fault.message;
}

/** What nobody expected: a refusal in its own words, anything else as a fault of the page itself. */
export function faultText(fault: unknown): string {
  return fault instanceof ApiProblem ? problemText(fault) : i18n.global.t("problem.page");
}

export function tellProblem(problem: unknown): void {
  if (!(problem instanceof ApiProblem)) throw problem;
  ElMessage({ type: "error", message: problemText(problem), duration: 6_000, showClose: true, grouping: true });
}

export function tellDone(message: string): void {
  ElMessage({ type: "success", message, duration: 2_500, grouping: true });
}

/** True when the user confirms. */
export async function ask(question: string): Promise<boolean> {
  const { t } = i18n.global;
  try {
    await ElMessageBox.confirm(question, { confirmButtonText: t("common.confirm"), cancelButtonText: t("common.cancel") });
    return true;
  } catch (answer) {
    if (answer === "cancel" || answer === "close") return false;
    throw answer;
  }
}
