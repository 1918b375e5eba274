// Which page answers which address. Every page needs a session, but the login and what the public may see.

import { createRouter, createWebHistory } from "vue-router";

import { ApiProblem } from "./api/client";
import { loadLabels } from "./i18n/labels";
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

/** Without labels, codes stand for themselves until the next page asks again: the server is away, which the page says. */
async function readLabels(): Promise<void> {
  try {
    await loadLabels();
  } catch (problem) {
    if (!(problem instanceof ApiProblem)) throw problem;
  }
}

router.beforeEach(async (to) => {
  const labels = readLabels();
  if (to.meta.public) {
    await labels;
    return true;
  }
  const session = useSession();
  await Promise.all([session.restore(), labels]);
  if (to.meta.open) return session.entered ? "/" : true;
  return session.entered ? true : { name: "login", query: to.fullPath === "/" ? {} : { to: to.fullPath } };
});
