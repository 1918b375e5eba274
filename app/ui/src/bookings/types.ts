// The shapes of /api/slots, /api/bookings and /api/appointments, as far as the pages read them.

import type { CustomerRef, Instant, Titled } from "../api/types";

export type WhyNot = "past" | "too_soon" | "too_far";
export type BookingState = "booked" | "confirmed" | "change_asked" | "cancelled" | "visited" | "no_show";
export type BookingStep = "confirm" | "ask_change" | "cancel" | "arrive" | "miss";
export type AppointmentState = "proposed" | "agreed" | "kept" | "late" | "missed" | "cancelled";
export type AppointmentStep = "agree" | "arrive" | "miss" | "cancel";
export type Grouping = "day" | "slot" | "language" | "guide" | "party";

export interface Slot {
  starts: string;
  ends: string;
  starts_at: Instant;
  ends_at: Instant;
  capacity: number;
  taken: number;
  free: number;
  why_not: WhyNot | null;
  guides: { guide: string; booking: string | null }[];
}

export interface Guide {
  id: string;
  name: string;
  name_en: string;
  languages: string[];
}

export interface Rules {
  offered: boolean;
  smallest: number;
  largest: number;
  days_ahead: number;
  languages: string[];
  guides: Guide[];
  notices: { zh: string; en: string }[];
  reminds: boolean;
  sends: boolean;
}

export interface Day {
  day: string;
  kind: "working" | "weekend" | "holiday" | "make_up";
  slots: Slot[];
}

export interface Slots {
  today: string;
  days: Day[];
  rules: Rules;
}

export interface Booking {
  id: string;
  ticket: string;
  customer: CustomerRef | null;
  state: BookingState;
  starts_at: Instant;
  ends_at: Instant;
  party: number;
  language: string | null;
  guide: string | null;
  contact_name: string;
  contact_number: string;
  number_masked: boolean;
  note: string;
  made_at: Instant;
  made_by: string;
  told_at: Instant | null;
  rating: number | null;
  version: number;
}

export interface Step {
  at: Instant;
  by: string;
  step: string;
  details: Record<string, string | number | boolean | null>;
}

export interface BookingDetail extends Booking {
  confirmation: {
    zh: string;
    en: string;
    sent: { state: "waiting" | "sent" | "failed"; attempts: number; sent_at: Instant | null; error: string } | null;
  };
  history: Step[];
}

export interface Appointment {
  id: string;
  ticket: string;
  customer: CustomerRef | null;
  kind: string;
  state: AppointmentState;
  at: Instant;
  person: string;
  place: string;
  contact_name: string;
  contact_number: string;
  number_masked: boolean;
  note: string;
  because: string;
  agreed_at: Instant | null;
  days_before: number | null;
  arrived_at: Instant | null;
  version: number;
}

export interface Appointments {
  items: Appointment[];
  next: string | null;
  rules: { kinds: (Titled & { id: string })[]; agreed_days_before: number; late_after_minutes: number };
}

export interface VisitFigures {
  bookings: number;
  people: number;
  ahead: number;
  confirmed: number;
  visited: number;
  visitors: number;
  no_shows: number;
  cancelled: number;
  guided: number;
  no_show_rate: number | null;
  rated: number;
  rating: number | null;
}

export interface Figures {
  by: Grouping;
  total: VisitFigures;
  groups: { group: string; figures: VisitFigures }[];
  appointments: {
    appointments: number;
    agreed: number;
    agreed_in_time: number;
    kept: number;
    late: number;
    missed: number;
    cancelled: number;
    kept_rate: number | null;
  };
}
