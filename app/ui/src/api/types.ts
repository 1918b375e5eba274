// The pages' names for the shapes of the API: schema.ts is made from docs/openapi.json. Times are UTC ISO strings; ids are strings.

import type { components } from "./schema";

/** Every shape by its name in the description. */
export type Schemas = components["schemas"];

export type Instant = string;
export type Role = User["role"];
export type AgentState = Schemas["AgentState"];
export type ChosenState = Schemas["StateWish"]["state"];
export type LineKind = LineTitle["kind"];
export type Direction = Call["direction"];

export interface Page<T> {
  items: T[];
  next: string | null;
}

export type User = Schemas["UserOut"];
export type Reason = Schemas["Named"];
export type Titled = Omit<Reason, "id">;
export type Disposition = Schemas["DispositionOut"];
export type QueueTitle = Schemas["QueueName"];
export type LineTitle = Schemas["LineOut"];
export type Site = Schemas["SiteOut"];
export type Agent = Schemas["AgentOut"];
export type Supervision = Schemas["SupervisionOut"];
export type SupervisionMode = Supervision["mode"];
export type Closing = Schemas["ClosingOut"];
export type ColleagueMessage = Schemas["MessageOut"];
export type Me = Schemas["Me"];
export type CustomerRef = Schemas["CustomerRef"];
export type Ticket = Schemas["TicketOut"];
export type TicketDetail = Schemas["TicketFull"];
export type TicketChange = Schemas["TicketPatch"];
export type TimelineEntry = Schemas["TimelineOut"];
export type Detail = TimelineEntry["details"][string];
export type Recording = Schemas["RecordingOut"];
export type Call = Schemas["CallOut"];
export type DueCall = Schemas["DueCallOut"];
export type NewDueCall = Schemas["DueCallNew"];
export type WaitingCaller = Schemas["WaitingOut"];
export type QueueWithCallers = Schemas["QueueWithCallers"];
export type QueueState = Schemas["QueueOut"] & Partial<QueueWithCallers>;
export type Ratio = Schemas["RatioOut"];
export type FigureRow = Schemas["FigureRow"];
export type StateTime = Schemas["StateTimeOut"];
export type FigureGroup = Schemas["FigureGroupOut"];
export type Figures = Schemas["FiguresOut"];
export type GroupedBy = NonNullable<Figures["by"]>;
export type Talk = Schemas["TalkOut"];
export type TargetKind = NonNullable<Talk["target_kind"]>;
export type Colleague = Schemas["ColleagueOut"];

// --- live ---

export type DeskMessage = Schemas["DeskMessage"];
export type DeskAck = Schemas["DeskAck"];
export type AgentChanged = Schemas["AgentChanged"];
export type ScreenPop = Schemas["ScreenPop"];
export type CallChanged = Schemas["CallChanged"];
export type Pop = Schemas["Pop"];
export type PopCustomer = Schemas["PopCustomer"];
export type PopTicket = Schemas["PopTicket"];
export type TalkStatus = Schemas["TalkStatus"];
export type Wallboard = Schemas["WallboardPicture"];
