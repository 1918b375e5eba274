// The shapes the API answers with (GET /api/openapi.json), as far as the pages read them. Times are UTC ISO strings; ids are strings.

export type Instant = string;
export type Role = "agent" | "supervisor" | "administrator";
export type AgentState =
  | "logged_out"
  | "available"
  | "reserved"
  | "ringing"
  | "talking"
  | "hold"
  | "wrap_up"
  | "not_ready";
export type ChosenState = "available" | "not_ready" | "logged_out";
export type LineKind = "aid" | "hotline" | "supervision";
export type Direction = "inbound" | "outbound" | "agent";

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface User {
  name: string;
  agent: string | null;
  role: Role;
  display_name: string;
  display_name_en: string;
  telephone: boolean;
}

export interface Titled {
  title: string;
  title_en: string;
}

export interface Reason extends Titled {
  id: string;
}

export interface Disposition extends Titled {
  id: string;
  kinds: string[];
}

export interface QueueTitle extends Titled {
  queue: string;
  kind: LineKind;
}

export interface LineTitle extends Titled {
  kind: LineKind;
  dnis: string;
}

export interface Site {
  name: string;
  name_en: string;
  time_zone: string;
  lines: LineTitle[];
  queues: QueueTitle[];
  colleagues: Reason[];
  levels: Reason[];
  reasons: Reason[];
  dispositions: Disposition[];
  ticket_kinds: string[];
  ticket_states: string[];
  severities: string[];
  forms_of_address: string[];
  talk_amber_s: number;
  talk_red_s: number;
  wait_threshold_s: number;
}

export interface Agent {
  agent: string;
  name: string;
  name_en: string;
  role: Role;
  state: AgentState;
  reason: string | null;
  since: Instant;
  call: string | null;
  until: Instant | null;
  queues: string[];
  /** The state asked for in the middle of a call; it comes after the call. */
  wish?: ChosenState | null;
  /** Who made the agent so, when it was somebody else. */
  by?: string | null;
  /** Offers missed today, by reason. */
  missed?: Record<string, number>;
  supervision?: Supervision | null;
}

export type SupervisionMode = "listen" | "whisper" | "barge" | "takeover";

/** Who supervises a talk; not `joined`: the supervisor's telephone rings. QUA-5 */
export interface Supervision {
  call: string;
  supervisor: string;
  mode: SupervisionMode;
  joined: boolean;
}

/** Why a queue is closed. */
export interface Closing {
  reason: string;
  by: string;
  since: Instant;
  prompt: string | null;
}

/** A message to a colleague, with its read receipt. TEL-7 */
export interface ColleagueMessage {
  id: string;
  at: Instant;
  sender: string;
  recipient: string;
  text: string;
  ticket: string | null;
  caller: string;
  read_at: Instant | null;
}

export interface Me {
  user: User;
  site: Site;
  agent: Agent | null;
}

export interface CustomerRef {
  id: string;
  name: string;
}

export interface Ticket {
  number: string;
  kind: string | null;
  category: string | null;
  state: string;
  severity: string;
  channel: string;
  line: LineKind | null;
  dnis: string;
  queue: string | null;
  agent: string | null;
  call: string | null;
  opened_at: Instant;
  ani: string;
  ani_masked: boolean;
  customer: CustomerRef | null;
  contact_name: string;
  matter: string;
  disposition: string | null;
  outcome: string | null;
  version: number;
  /** Null until it is registered. */
  stage: string | null;
  restricted: boolean;
}

export type Detail = string | number | boolean | null;

/** One line of the history. `source` says what `action` and `details` mean: call, change, due_call, attempt, playback. */
export interface TimelineEntry {
  at: Instant;
  source: string;
  action: string;
  by: string | null;
  call: string | null;
  details: Record<string, Detail>;
}

export interface Recording {
  id: string;
  kind: "talk" | "message";
  recorded_at: Instant;
  duration_s: number | null;
  available: boolean;
}

export interface Call {
  call: string;
  ticket: string;
  direction: Direction;
  line: LineKind | null;
  dnis: string;
  ani: string;
  ani_masked: boolean;
  customer: CustomerRef | null;
  queue: string | null;
  agent: string | null;
  invited_at: Instant;
  answered_at: Instant | null;
  rings: number | null;
  queued_at: Instant | null;
  offered_at: Instant | null;
  agent_answered_at: Instant | null;
  talk_at: Instant | null;
  ended_at: Instant | null;
  ended_by: string | null;
  outcome: string | null;
  wait_s: number | null;
  talk_s: number | null;
}

export interface TicketDetail extends Ticket {
  editable: boolean;
  wish: string;
  form_of_address: string;
  contact_number: string;
  note: string;
  calls: Call[];
  timeline: TimelineEntry[];
  recordings: Recording[];
}

/** Only what changed is sent. */
export interface TicketChange {
  version: number;
  kind?: string | null;
  severity?: string;
  state?: string;
  matter?: string;
  wish?: string;
  disposition?: string | null;
  contact_name?: string;
  form_of_address?: string;
  contact_number?: string;
  note?: string;
}

export interface DueCall {
  id: string;
  kind: string;
  state: string;
  number: string;
  number_masked: boolean;
  due_at: Instant;
  ticket: string | null;
  queue: string;
  note: string;
  customer_id: string | null;
  attempts: number;
  accepted_by: string | null;
  outcome: string | null;
  created_by: string | null;
}

export interface NewDueCall {
  kind: "callback";
  number: string | null;
  due_at: Instant;
  ticket: string | null;
  queue: string;
  note: string;
  key: string;
}

export interface WaitingCaller {
  call: string;
  ticket: string;
  ani: string;
  since: Instant;
  position: number;
}

export interface QueueState extends QueueTitle {
  waiting: number;
  longest_wait_since: Instant | null;
  agents_by_state: Partial<Record<AgentState, number>>;
  entries?: WaitingCaller[];
  closed?: Closing | null;
}

/** A figure with what it is made of; `unit` is the numerator's. */
export interface Ratio {
  value: number | null;
  numerator: number;
  denominator: number;
  unit: "share" | "seconds";
}

export interface FigureRow {
  offered: number;
  answered_by_system: number;
  within_three_rings: number;
  answered: number;
  person_within_three_rings: number;
  queued: number;
  connected: number;
  within_threshold: number;
  abandoned: number;
  abandoned_in_queue: number;
  abandoned_in_threshold: number;
  short_abandons: number;
  waiting: number;
  offers: number;
  rona: number;
  refused: number;
  busy: number;
  unreachable: number;
  handled: number;
  place_kept: number;
  surveyed: number;
  satisfied: number;
  average_speed_of_answer_s: number | null;
  longest_wait_s: number | null;
  /** within_three_rings ÷ answered_by_system */
  three_rings_rate: number | null;
  /** within_threshold ÷ (queued − short_abandons) */
  service_level: number | null;
  /** abandoned ÷ offered */
  abandon_rate: number | null;
  ratios: Record<string, Ratio>;
}

export type GroupedBy = "total" | "line" | "level" | "queue" | "agent" | "interval";

export interface StateTime {
  state: AgentState;
  reason: string | null;
  seconds: number;
}

/** `key`: a line, level, queue, agent, or the start of a quarter of an hour. */
export interface FigureGroup {
  key: string;
  figures: FigureRow;
  time: StateTime[] | null;
  occupancy: Ratio | null;
  answer_rate_24h: Ratio | null;
}

export interface Figures {
  since: Instant;
  until: Instant;
  at: Instant;
  ring_limit: number;
  threshold_s: number;
  short_abandon_s: number;
  total: FigureRow;
  lines: Record<string, FigureRow>;
  levels: Record<string, FigureRow>;
  queues: Record<string, FigureRow>;
  by: GroupedBy | null;
  groups: FigureGroup[];
}

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

export type TargetKind = "agent" | "queue" | "line" | "number";

/** How a talk stands. `transfer`: whom the agent asked is being rung, or is there. */
export interface TalkStatus {
  held: boolean;
  conference: boolean;
  recording: "on" | "paused" | "off";
  transfer: "ringing" | "joined" | null;
  target_kind: TargetKind | null;
  target: string | null;
}

export interface Colleague {
  agent: string;
  name: string;
  name_en: string;
  state: AgentState;
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
