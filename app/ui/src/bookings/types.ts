// The pages' names for the shapes of /api/slots, /api/bookings and /api/appointments.

import type { Schemas } from "../api/types";

export type Slot = Schemas["SlotOut"];
export type WhyNot = NonNullable<Slot["why_not"]>;
export type BookingState = Schemas["BookingState"];
export type BookingStep = Schemas["BookingStepWish"]["step"];
export type AppointmentState = Schemas["AppointmentState"];
export type AppointmentStep = Schemas["AppointmentStepWish"]["step"];
export type Guide = Schemas["GuideOut"];
export type Rules = Schemas["BookingRules"];
export type Day = Schemas["SlotDayOut"];
export type Slots = Schemas["SlotsOut"];
export type Booking = Schemas["BookingOut"];
export type BookingDetail = Schemas["BookingFull"];
export type Step = Schemas["BookingStepOut"];
export type Appointment = Schemas["AppointmentOut"];
export type Appointments = Schemas["AppointmentsOut"];
export type VisitFigures = Schemas["VisitFigures"];
export type Figures = Schemas["VisitFiguresOut"];
export type Grouping = Figures["by"];
