// Where the pages start: wiring only.

import { createPinia } from "pinia";
import { createApp } from "vue";

import App from "./App.vue";
import { useElementPlus } from "./element";
import { i18n, setLocale } from "./i18n";
import { router } from "./router";
import { watchForFaults } from "./shell/faults";
import "./theme.css";

setLocale(i18n.global.locale.value);

const app = createApp(App);
useElementPlus(app);
watchForFaults(app, router);
app.use(createPinia()).use(i18n).use(router).mount("#app");
