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
export type QueueState = Omit<QueueWithCallers, "entries"> & Partial<QueueWithCallers>;
export type Ratio = Schemas["RatioOut"];
export type FigureRow = Schemas["FigureRow"];
export type StateTime = Schemas["StateTimeOut"];
export type FigureGroup = Schemas["FigureGroupOut"];
export type Figures = Schemas["FiguresOut"];
export type GroupedBy = NonNullable<Figures["by"]>;
export type Talk = Schemas["TalkOut"];
export type TargetKind = NonNullable<Talk["target_kind"]>;
export type Colleague = Schemas["ColleagueOut"];

// --- live, typed by hand until the messages are described ---

export interface Wallboard {
  seq: number;
  at: Instant;
  waiting: number;
  longest_wait_since: Instant | null;
  queues: QueueState[];
  agents_by_state: Partial<Record<AgentState, number>>;
  agents: Agent[];
  store: string;
  figures: Figures | null;
}

export interface PopCustomer extends CustomerRef {
  form_of_address: string;
  key_customer: boolean;
  employer: string;
  post: string;
  notes: string;
}

export interface PopTicket {
  number: string;
  kind: string | null;
  state: string;
  severity: string;
  opened_at: Instant;
  matter: string;
  agent: string | null;
}

export interface Pop {
  kind: "inbound" | "callback";
  due_call: string | null;
  line: LineKind | null;
  line_title: string | null;
  queue: string | null;
  queue_title: string | null;
  /** The queues that moved the caller on, in their order (LNE-7). */
  came_from: string[];
  ani: string;
  number_display: string;
  greeting: string;
  language?: string;
  waited_s: number | null;
  reason: string | null;
  customer: PopCustomer | null;
  tickets: PopTicket[];
}

/** How a talk stands. `transfer`: whom the agent asked is being rung, or is there. */
export interface TalkStatus {
  held: boolean;
  conference: boolean;
  recording: "on" | "paused" | "off";
  transfer: "ringing" | "joined" | null;
  target_kind: TargetKind | null;
  target: string | null;
}

interface DeskEnvelope {
  seq: number;
  at: Instant;
}

export type DeskMessage = DeskEnvelope &
  (
    | { type: "hello"; agent: string; gap: boolean; state: Agent | null }
    | { type: "alive" }
    | ({ type: "agent_state" } & Omit<Agent, "name" | "name_en" | "role">)
    | { type: "screen_pop"; call: string; ticket: string; pop: Pop }
    | {
        type: "call";
        call: string;
        ticket: string;
        direction: Direction;
        state: "ringing" | "talking" | "hold" | "ended";
        since: Instant;
        ended_by: string | null;
        /** Only to the agent who has the talk. */
        talk?: TalkStatus | null;
      }
    | { type: "ticket"; ticket: string; version: number }
    | { type: "message"; message: string; sender: string; recipient: string; read_at: Instant | null }
  );
