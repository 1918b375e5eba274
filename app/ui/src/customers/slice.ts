// Customers: list, card, duplicates, import, privacy. CUS-1, CUS-4, CPL-10

import { defineSlice, type RoleName } from "../define_slice";
import { en, zh } from "./words";

const everybody: RoleName[] = ["agent", "supervisor", "administrator"];

export const slice = defineSlice({
  routes: [
    { path: "/customers", name: "customers", component: () => import("./CustomersPage.vue") },
    { path: "/customers/duplicates", name: "customer-duplicates", component: () => import("./DuplicatesPage.vue") },
    { path: "/customers/import", name: "customer-import", component: () => import("./ImportPage.vue") },
    { path: "/customers/privacy", name: "customer-privacy", component: () => import("./PrivacyPage.vue") },
    { path: "/customers/new", name: "customer-new", component: () => import("./CustomerPage.vue"), props: { id: "new" } },
    { path: "/customers/:id(\\d+)", name: "customer", component: () => import("./CustomerPage.vue"), props: true },
  ],
  nav: [{ to: "/customers", word: "customers.nav", place: 30, roles: everybody }],
  words: { zh: { customers: zh }, en: { customers: en } },
});
