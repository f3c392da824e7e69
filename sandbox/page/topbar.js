// The banner that says what this page is, and the switches.

import { h, icon, iconButton } from "./dom.js";
import { locale, setLanguage, t } from "./i18n.js";
import { store } from "./store.js";

const THEME = "sandbox.theme";

/** The theme that is on now. */
function theme() {
  return document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

export function startTheme() {
  const kept = localStorage.getItem(THEME);
  if (kept) document.documentElement.dataset.theme = kept;
}

const mac = /mac/i.test(navigator.platform ?? "");
const KEYS = [["Alt", "1–9", "key_seat"], [mac ? "⌘" : "Ctrl", "K", "key_switcher"], ["F6", "", "key_pane"], ["Esc", "", "key_escape"], ["Enter", "", "key_enter"], ["Shift", "Enter", "key_newline"], ["↑", "", "key_up"], ["↑", "↓", "key_messages"]];

/** page: {two, log, story: booleans; toggle(name)}. Its listeners end with the signal. */
export function topbar(page, signal) {
  const app = h("span", { class: "app-state", role: "status", data: { testid: "app-state" } });
  const help = h("div", { class: "keys", hidden: true, role: "dialog", "aria-label": t("keyboard") }, h("h2", {}, t("keyboard")),
    h("dl", {}, ...KEYS.flatMap(([a, b, word]) => [h("dt", {}, h("kbd", {}, a), b ? h("kbd", {}, b) : null), h("dd", {}, t(word))])));
  const helpButton = iconButton("keyboard", t("keyboard"), () => { help.hidden = !help.hidden; }, { data: { testid: "keyboard" }, class: "only-wide" });
  document.addEventListener("pointerdown", (event) => { if (!help.contains(event.target) && !helpButton.contains(event.target)) help.hidden = true; }, { signal });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") help.hidden = true; }, { signal });
  const themeButton = h("button", { type: "button", class: "icon-button", data: { testid: "theme-toggle" } });
  themeButton.addEventListener("click", () => {
    const next = theme() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem(THEME, next);
    update();
  });
  const toggles = {
    two: toggle("columns", () => t(page.two ? "one_pane" : "two_panes"), "two", "panes-toggle", "only-wide"),
    story: toggle("flag", () => t("show_story"), "story", "story-toggle"),
    log: toggle("list", () => t("show_log"), "log", "log-toggle"),
  };

  function toggle(sign, label, name, testid, extra = "") {
    const node = h("button", { type: "button", class: `icon-button ${extra}`, data: { testid }, onclick: () => page.toggle(name) }, icon(sign), name === "log" ? h("span", { class: "word" }, t("show_log")) : null);
    return { node, update() { node.setAttribute("aria-pressed", String(Boolean(page[name]))); node.title = label(); node.setAttribute("aria-label", label()); } };
  }

  const node = h("header", { class: "topbar" },
    h("p", { class: "banner", data: { testid: "banner" } }, icon("warn"), h("strong", {}, t("banner")), h("span", { class: "more" }, t("banner_more"))),
    app, h("span", { class: "spring" }),
    toggles.two.node, toggles.story.node, toggles.log.node, h("span", { class: "rule" }), helpButton,
    h("button", { type: "button", class: "icon-button", lang: locale() === "en" ? "zh-Hant-TW" : "en", "aria-label": t("language_label"), title: t("language_label"), data: { testid: "language-toggle" }, onclick: () => setLanguage(locale() === "en" ? "zh-TW" : "en") }, icon("globe"), h("span", { class: "word" }, t("language"))),
    themeButton, help);

  function update() {
    const { app: state } = store.world ?? { app: { name: "" } };
    const lost = store.down.size > 0;
    app.className = `app-state ${lost ? "lost" : state.connected ? "on" : "off"}`;
    app.textContent = lost ? t("lost_server") : t(state.connected ? "app_on" : "app_off", { app: state.name });
    app.dataset.connected = String(Boolean(state.connected) && !lost);
    themeButton.replaceChildren(icon(theme() === "dark" ? "sun" : "moon"));
    themeButton.title = t(theme() === "dark" ? "theme_light" : "theme_dark");
    themeButton.setAttribute("aria-label", themeButton.title);
    toggles.story.node.hidden = !store.story;
    for (const one of Object.values(toggles)) one.update();
  }

  return { node, update };
}
