// Visits, guides and appointments at customers' places: pages, place in the bar, words. BKG-1 to BKG-5

import { defineSlice } from "../define_slice";
import { en, zh } from "./words";

export const slice = defineSlice({
  routes: [
    {
      path: "/bookings",
      children: [
        { path: "", name: "bookings", component: () => import("./BookingsPage.vue") },
        {
          path: ":view(list|appointments|figures)",
          name: "bookings-view",
          component: () => import("./BookingsPage.vue"),
          props: true,
        },
        { path: ":id(\\d+)", name: "booking", component: () => import("./BookingPage.vue"), props: true },
      ],
    },
  ],
  nav: [{ to: "/bookings", word: "bookings.nav", place: 20, roles: ["agent", "supervisor", "administrator"] }],
  words: { zh: { bookings: zh }, en: { bookings: en } },
});
