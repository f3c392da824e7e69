// The box to write in: Enter sends (never while an input method composes), "/" offers commands, "@" people.

import { api } from "./api.js";
import { composing, h, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { openMenu } from "./menu.js";
import { store } from "./store.js";
import { toText } from "./typed.js";

const drafts = new Map();
let serial = 0;

/** A composer for a channel or, with `thread`, for a thread. `place` names who writes where. */
export function composer({ pane, seat, channel, thread, placeholder }) {
  const key = `${seat}/${channel}/${thread ?? ""}`;
  const { world } = store;
  let mirrored = null;
  let found = [];
  let at = 0;
  serial += 1;
  const listId = `offers-${serial}`;

  const area = h("textarea", {
    rows: 1, placeholder, "aria-label": placeholder, "aria-autocomplete": "list", "aria-controls": listId, title: t("compose_hint"),
    value: drafts.get(key) ?? "", data: { testid: thread ? "thread-composer" : "composer", channel, thread },
  });
  const offers = h("ul", { class: "offers", id: listId, role: "listbox", hidden: true, data: { testid: "offers" } });
  const note = h("p", { class: "compose-note", role: "status", hidden: true });
  const send = iconButton("send", t("send"), () => submit(), { class: "send", data: { testid: "send" } });
  const mirror = h("span", { class: "compose-mirror", hidden: true, data: { testid: "mirroring" } });
  const bolt = iconButton("bolt", t("shortcuts"), () => openMenu(bolt, [
    ...world.shortcuts.filter((s) => s.type === "global").map((s) => ({
      label: s.name, icon: "bolt", hint: world.app.name, testid: `shortcut-${s.callback_id}`, onpick: () => pane.shortcut({ callback_id: s.callback_id }),
    })),
    ...(world.channel(channel)?.kind === "im" ? [] : world.other_apps ?? []).map((app) => ({
      label: t("as_helpdesk", { name: app.name }), icon: "globe", testid: `as-app-${app.app_id}`, onpick: () => setMirror(app),
    })),
  ], { label: t("shortcuts"), empty: t("no_shortcuts") }), { data: { testid: "shortcuts" }, "aria-haspopup": "menu" });

  /** What is said next comes from another app that mirrors a customer, such as a helpdesk. */
  function setMirror(app) {
    const user = world.user(seat);
    mirrored = app && { app_id: app.app_id, bot_id: app.bot_id, username: user.kind === "external" ? user.real_name : app.name };
    mirror.hidden = !app;
    mirror.replaceChildren(...(app ? [t("mirroring", { name: app.name }), iconButton("close", t("cancel"), () => setMirror(null))] : []));
    area.focus();
  }

  function grow() {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
    send.disabled = !area.value.trim();
  }

  function say(sentence) {
    note.textContent = sentence;
    note.hidden = !sentence;
  }

  function look() {
    const before = area.value.slice(0, area.selectionStart);
    const command = before.match(/^\/\S*$/);
    const person = before.match(/(?:^|\s)@(\S{0,20})$/);
    found = [];
    say("");
    if (area.value.startsWith("/") && thread) say(t("no_commands_in_threads"));
    else if (command) {
      found = world.commands.filter((c) => c.command.startsWith(command[0])).map((c) => ({
        main: c.command, hint: c.usage_hint, detail: c.description, put: () => set(`${c.command} `),
      }));
      if (found.length === 1 && found[0].main === command[0]) found = [];
    } else if (person) {
      const members = new Set(world.channel(channel)?.members ?? []);
      const text = person[1].toLowerCase();
      found = world.users.filter((u) => members.has(u.id) && u.id !== seat && `${u.real_name} ${u.name}`.toLowerCase().includes(text)).slice(0, 6).map((u) => ({
        main: `@${u.real_name || u.name}`, detail: u.title, put: () => mentionAt(before.length - person[1].length - 1, before.length, u),
      }));
    }
    const known = world.commands.find((c) => area.value.startsWith(`${c.command} `) || area.value === c.command);
    if (known && !thread && !found.length) say(`${known.command} ${known.usage_hint ?? ""} · ${known.description ?? ""}`);
    at = 0;
    drawOffers();
  }

  function mentionAt(from, to, user) {
    set(`${area.value.slice(0, from)}@${user.real_name || user.name} ${area.value.slice(to)}`);
  }

  function set(text) {
    area.value = text;
    drafts.set(key, text);
    grow();
    area.focus();
    area.setSelectionRange(text.length, text.length);
    look();
  }

  function drawOffers() {
    offers.hidden = !found.length;
    offers.replaceChildren(...found.map((offer, i) => h("li", {
      role: "option", id: `${listId}-${i}`, "aria-selected": String(i === at), onpointerdown: (event) => { event.preventDefault(); offer.put(); },
    }, h("b", {}, offer.main), offer.hint ? h("code", {}, offer.hint) : null, offer.detail ? h("small", {}, offer.detail) : null)));
    if (found.length) area.setAttribute("aria-activedescendant", `${listId}-${at}`);
    else area.removeAttribute("aria-activedescendant");
  }

  async function submit() {
    const typed = area.value.trim();
    if (!typed) return;
    if (typed.startsWith("/") && thread) { say(t("no_commands_in_threads")); return; }
    const kept = area.value;
    set("");
    const ok = await pane.try(() => {
      if (typed.startsWith("/")) return api.command({ user: seat, channel, text: typed });
      const body = { user: seat, channel, text: toText(typed, world) };
      if (thread) body.thread_ts = thread;
      if (mirrored) body.as_app = mirrored;
      return api.say(body);
    });
    if (ok) pane.did(typed.startsWith("/") ? "command" : "say", { seat, channel, text: typed });
    else if (!area.value) set(kept);
  }

  area.addEventListener("input", () => { drafts.set(key, area.value); grow(); look(); });
  area.addEventListener("blur", () => { offers.hidden = true; });
  area.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    if (!offers.hidden) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        at = (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
        drawOffers();
        return;
      }
      if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) { event.preventDefault(); found[at].put(); return; }
      if (event.key === "Escape") { event.stopPropagation(); offers.hidden = true; return; }
    }
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); submit(); }
    else if (event.key === "ArrowUp" && !area.value) { if (pane.editLast(thread)) event.preventDefault(); }
  });

  const insert = (mark) => () => set(mark === "/" ? "/" : `${area.value}${/\S$/.test(area.value) ? " " : ""}@`);
  const node = h("form", { class: "composer", onsubmit: (event) => event.preventDefault() },
    offers, note,
    h("div", { class: "compose-box" }, area,
      h("div", { class: "compose-tools" },
        thread ? null : bolt,
        thread ? null : h("button", { type: "button", class: "icon-button glyph", "aria-label": t("commands"), title: t("commands"), onclick: insert("/") }, "/"),
        h("button", { type: "button", class: "icon-button glyph", "aria-label": t("mention"), title: t("mention"), onclick: insert("@") }, "@"),
        mirror, h("span", { class: "spring" }), send)));
  queueMicrotask(grow);
  return { node, area, set };
}

/** Put words in a place's composer before it is shown. */
export function draft(seat, channel, text) {
  drafts.set(`${seat}/${channel}/`, text);
}
