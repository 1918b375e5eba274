// Which page answers which address. Every page needs a session, but the login and what the public may see.

import { createRouter, createWebHistory } from "vue-router";

import { slices } from "./slices";
import { useSession } from "./stores/session";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/login", name: "login", component: () => import("./shell/LoginPage.vue"), meta: { open: true } },
    { path: "/", name: "desk", component: () => import("./desk/DeskPage.vue") },
    {
      path: "/tickets/:number",
      name: "ticket",
      component: () => import("./tickets/TicketPage.vue"),
      props: true,
    },
    { path: "/wallboard", name: "wallboard", component: () => import("./wallboard/WallboardPage.vue") },
    { path: "/figures", name: "figures", component: () => import("./figures/FiguresPage.vue") },
    { path: "/figures/calls", name: "counted-calls", component: () => import("./figures/CountedCalls.vue") },
    { path: "/supervisor", name: "supervisor", component: () => import("./supervisor/SupervisorPage.vue") },
    ...slices.flatMap((slice) => slice.routes),
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

router.beforeEach(async (to) => {
  if (to.meta.public) return true;
  const session = useSession();
  await session.restore();
  if (to.meta.open) return session.me ? "/" : true;
  return session.me ? true : { name: "login", query: to.fullPath === "/" ? {} : { to: to.fullPath } };
});
