// One's own account: password, and where one is logged in. ACC-1, ACC-2

import { defineSlice } from "../define_slice";

export const slice = defineSlice({
  routes: [{ path: "/account", name: "account", component: () => import("./AccountPage.vue") }],
  nav: [],
  words: {
    zh: {
      account: {
        title: "我的账号",
        password: "修改密码",
        sessions: "登录着的设备",
        hint: "不认识的登录请立即结束，并修改密码。",
        since: "登录时间",
        seen: "最近使用",
        address: "地址",
        browser: "浏览器",
        here: "本机",
        end: "结束",
        ended: "已结束该登录。",
        none: "没有其他登录",
      },
    },
    en: {
      account: {
        title: "My account",
        password: "Change the password",
        sessions: "Where you are logged in",
        hint: "End what you do not recognise, and change your password.",
        since: "Logged in",
        seen: "Last used",
        address: "Address",
        browser: "Browser",
        here: "this one",
        end: "End",
        ended: "That login is over.",
        none: "No other logins",
      },
    },
  },
});
