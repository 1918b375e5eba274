// A ticket's history in words: what each kind of entry says, from its source, action and details. Pure. TKT-3

import type { Detail, TimelineEntry } from "../api/types";
import type { Group } from "../i18n/labels";

export interface Words {
  t(key: string, values?: Record<string, unknown>): string;
  word(group: string, code: string | null | undefined): string;
  labelOf(group: Group, code: string | null | undefined): string;
  queueTitle(name: string): string;
  dispositionTitle(id: string): string;
  partyTitle(id: string): string;
  personOf(id: string): string;
  categoryTitle(id: string): string;
  time(at: string): string;
}

const FIELD_LABELS: Record<string, string> = {
  contact_name: "ticket.contactName",
  form_of_address: "ticket.formOfAddress",
  contact_number: "ticket.contactNumber",
};
const CODED_FIELDS: Record<string, Group> = { kind: "ticket_kind", severity: "severity", state: "ticket_state" };

function text(value: Detail | undefined): string {
  return value === null || value === undefined ? "" : String(value);
}

/** What the entry is called. */
export function titleOf(entry: TimelineEntry, words: Words): string {
  if (entry.source === "change") {
    return words.t("timeline.changed", { field: words.t(FIELD_LABELS[entry.action] ?? `ticket.${entry.action}`) });
  }
  if (entry.source === "due_call") return words.word("timeline", `due_${entry.action}`);
  if (entry.source === "attempt") return words.t("timeline.attempt", { kind: words.labelOf("due_kind", entry.action) });
  if (entry.source === "playback") return words.t("timeline.played", { kind: words.word("recording", entry.action) });
  if (entry.source === "message") return words.word("timeline", `message_${entry.action}`);
  if (entry.source === "intake") return words.t("intake.cameBy", { channel: words.labelOf("channel", entry.action) });
  if (entry.source === "letter") return words.t("intake.letter");
  if (entry.source === "file") return words.t(`intake.file.${entry.action}`);
  if (entry.source === "suggestion") return words.labelOf("suggestion_step", entry.action);
  if (entry.source === "step") return stepTitle(entry, words);
  if (entry.source === "booking" || entry.source === "appointment") {
    const one = entry.source === "booking" ? "bookings.one" : "bookings.appointmentOne";
    return `${words.t(one, { id: text(entry.details.number) })} · ${words.labelOf("booking_deed", entry.action)}`;
  }
  return words.labelOf("call_event", entry.action);
}

/** What there is to say about it; empty when the title says all. */
export function textOf(entry: TimelineEntry, words: Words): string {
  if (entry.source === "change") return changeText(entry, words);
  if (entry.source === "due_call") return dueCallText(entry, words);
  if (entry.source === "attempt") return words.labelOf("attempt_outcome", text(entry.details.outcome) || "running");
  if (entry.source === "playback") return "";
  if (entry.source === "intake") return arrivalText(entry, words);
  if (entry.source === "letter") return `${text(entry.details.sender)}\n${text(entry.details.text)}`;
  if (entry.source === "file") return text(entry.details.name);
  if (entry.source === "booking" || entry.source === "appointment") return visitText(entry, words);
  if (entry.source === "message") return `→ ${text(entry.details.recipient)}：${text(entry.details.text)}`;
  if (entry.source === "suggestion") return suggestionText(entry);
  if (entry.source === "step") return stepText(entry, words);
  return callText(entry, words);
}

/** A step of a case as a sentence: to whom, until when, as what. */
function stepTitle({ action, details }: TimelineEntry, words: Words): string {
  let did = action;
  if (action === "received" && details.again) did = "received_again";
  if (action === "fed_back" && details.satisfied === "unreachable") did = "fed_back_unreachable";
  const to = text(details.to);
  return words.t(`cases.did.${did}`, {
    kind: words.labelOf("ticket_kind", text(details.kind)),
    holder: words.partyTitle(text(details.holder)),
    to: action === "linked" ? to : words.partyTitle(to),
    into: text(details.into),
    ticket: text(details.ticket),
    until: details.until ? words.time(text(details.until)) : "",
    verdict: words.labelOf("verdict", text(details.verdict)),
    satisfied: words.labelOf("satisfied", text(details.satisfied)),
  });
}

function listed(value: Detail | undefined, shown: (one: string) => string): string {
  const codes = text(value).split(", ").filter(Boolean);
  return codes.map(shown).join(", ");
}

/** What was entered with it. */
function stepText({ action, details }: TimelineEntry, words: Words): string {
  const marks = ["complex", "written", "urgent"].filter((name) => details[name] === true).map((name) => words.t(`cases.${name}`));
  const people = listed(details.about, words.personOf);
  const persons = listed(details.persons, words.personOf);
  return [
    action === "registered" && details.severity === "major" ? words.labelOf("severity", "major") : "",
    details.category ? words.categoryTitle(text(details.category)) : "",
    text(details.nature),
    ...marks,
    people && `${words.t("cases.about")}：${people}`,
    action === "passed_on" && details.how === "telephone" ? words.t("cases.by_telephone") : "",
    action === "fed_back" ? words.labelOf("way", text(details.how)) : "",
    listed(details.measures, (one) => words.labelOf("measure", one)),
    ...["text", "result", "reference", "evidence", "cause", "measure", "reason", "words"].map((name) => text(details[name])),
    persons && `${words.t("cases.persons")}：${persons}`,
    details.circulate === true ? words.t("cases.circulated") : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

function arrivalText(entry: TimelineEntry, words: Words): string {
  const { received_at: receivedAt, reference } = entry.details;
  return [words.t("intake.cameAt", { time: words.time(text(receivedAt)) }), text(reference)].filter(Boolean).join(" · ");
}

function suggestionText(entry: TimelineEntry): string {
  const { words, reason, result } = entry.details;
  return [text(words), text(reason), text(result)].filter(Boolean).join(" · ");
}

function changeText(entry: TimelineEntry, words: Words): string {
  const shown = (value: Detail | undefined): string => {
    const code = text(value);
    if (!code) return words.t("ticket.empty");
    const group = CODED_FIELDS[entry.action];
    if (group) return words.labelOf(group, code);
    return entry.action === "disposition" ? words.dispositionTitle(code) : code;
  };
  const { old, new: now } = entry.details;
  return text(old) ? `${shown(old)} → ${shown(now)}` : shown(now);
}

/** When it is, for how many, what was noted. */
function visitText(entry: TimelineEntry, words: Words): string {
  const { starts_at: starts, at, party, note } = entry.details;
  const when = text(starts) || text(at);
  const people = party ? words.t("bookings.people", { n: text(party) }) : "";
  return [when && words.time(when), people, text(note)].filter(Boolean).join(" · ");
}

function dueCallText(entry: TimelineEntry, words: Words): string {
  const { due_at: dueAt, note } = entry.details;
  return [dueAt ? words.time(text(dueAt)) : "", text(note)].filter(Boolean).join(" · ");
}

function callText(entry: TimelineEntry, words: Words): string {
  const { details } = entry;
  switch (entry.action) {
    case "CallArrived":
      return `${text(details.ani) || words.t("call.unknownNumber")} → ${text(details.dnis)}`;
    case "CallAnswered":
      return words.t("timeline.rings", { rings: text(details.rings) });
    case "MenuChosen":
      return [text(details.digits) && words.t("timeline.keys", { keys: text(details.digits) }), choiceText(details.choice, words)]
        .filter(Boolean)
        .join(" → ");
    case "LanguageChosen":
      return words.labelOf("language", text(details.language));
    case "CallQueued":
      return words.queueTitle(text(details.queue));
    case "CallOverflowed":
      return [
        `${words.queueTitle(text(details.from_queue))} → ${choiceText(details.to, words)}`,
        words.labelOf("overflow", text(details.why)),
      ].join(" · ");
    case "DutyRang":
    case "DutyAccepted":
      return `${text(details.person)} ${text(details.number)}`;
    case "DutyDeclined":
      return `${text(details.person)} · ${words.labelOf("duty_reason", text(details.reason))}`;
    case "DutyMissed":
      return [text(details.title), words.labelOf("duty_reason", text(details.reason))].join(" · ");
    case "CallbackOwed":
      return [words.time(text(details.due_at)), text(details.note)].join(" · ");
    case "TransferAsked":
      return `${words.t(`timeline.${text(details.mode)}`)} → ${targetText(details.kind, details.to, words)}`;
    case "TransferFailed":
      return words.labelOf("not_reached", text(details.reason));
    case "NumberRefused":
      return [text(details.number), words.labelOf("attempt_outcome", text(details.reason))].filter(Boolean).join(" · ");
    case "ThirdJoined":
      return details.third ? words.t("desk.agentNumber", { id: text(details.third) }) : text(details.number);
    case "OutsideTalkStarted":
      return text(details.number);
    case "BookingAnswered":
      return words.labelOf("booking_answer", text(details.answer));
    case "VisitRated":
    case "SurveyAnswered":
      return words.t("timeline.score", { score: text(details.score) });
    case "CallMoved":
      return `${words.queueTitle(text(details.from_queue))} → ${words.queueTitle(text(details.queue))}`;
    case "SupervisorJoined":
      return [words.word("supervision", text(details.mode)), text(details.agent)].filter(Boolean).join(" · ");
    case "SupervisorLeft":
      return words.labelOf("supervision_end", text(details.reason));
    case "AgentMissed":
      return words.labelOf("not_reached", text(details.reason));
    case "MessageLeft":
      return words.t("wallboard.seconds", { n: Math.round(Number(details.duration_s ?? 0)) });
    case "CallNoted":
      return text(details.text);
    case "CallEnded":
      return [words.labelOf("call_outcome", text(details.outcome)), words.labelOf("ended_by", text(details.ended_by))].join(" · ");
    default:
      return "";
  }
}

function targetText(kind: Detail | undefined, to: Detail | undefined, words: Words): string {
  if (kind === "agent") return words.t("desk.agentNumber", { id: text(to) });
  return kind === "queue" ? words.queueTitle(text(to)) : text(to);
}

function choiceText(choice: Detail | undefined, words: Words): string {
  const [go = "", name = ""] = text(choice).split(":");
  return go === "queue" ? words.queueTitle(name) : words.labelOf("choice", go);
}
