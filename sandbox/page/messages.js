// One message as a person sees it: author, time, text or blocks, its thread, and what can be done with it.

import { api } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { composing, h, icon, iconButton } from "./dom.js";
import { clock, dayKey, dayName, fullTime, locale, t } from "./i18n.js";
import { openMenu } from "./menu.js";
import { inline, mrkdwn, safeLink } from "./mrkdwn.js";
import { author, face } from "./people.js";
import { store } from "./store.js";
import { toText, fromText } from "./typed.js";

const FIVE_MINUTES = 300;
const values = new Map();

/** Rows for a list: messages with day dividers, and whether each follows its author's last one closely. */
export function rows(messages) {
  const out = [];
  let before;
  for (const message of messages) {
    if (!before || dayKey(before.ts) !== dayKey(message.ts)) {
      out.push({ divider: dayName(message.ts), key: `day-${dayKey(message.ts)}` });
      before = undefined;
    }
    const follows = before && !message.ephemeral && !before.ephemeral && who(before) === who(message) && message.ts - before.ts < FIVE_MINUTES;
    out.push({ message, follows: Boolean(follows), key: `${message.ephemeral ? "e" : "m"}-${message.ts}` });
    before = message;
  }
  return out;
}

const who = (m) => `${m.user ?? ""}|${m.username ?? ""}|${m.bot_id ?? ""}`;

/** What a row's look depends on. */
export function rowSign(row, view) {
  if (row.divider) return row.divider;
  const { message } = row;
  return JSON.stringify([message, row.follows, locale(), view.editing === message.ts, view.inThread ? 0 : threadSummary(message, view)]);
}

function threadSummary(message, { room }) {
  const all = room.thread(message.ts).filter((m) => m.ts !== message.ts);
  const replies = all.filter((m) => !m.ephemeral);
  return {
    count: Math.max(replies.length, room.loaded ? 0 : message.reply_count ?? 0),
    last: replies[replies.length - 1]?.ts,
    people: [...new Set(replies.map((m) => m.user ?? m.bot_id))].slice(0, 3),
    whispers: all.length - replies.length,
    news: room.threadNews.has(message.ts),
  };
}

/** A row of the list as a node. view: {pane, seat, channel, room, inThread, editing}. */
export function renderRow(row, view) {
  if (row.divider) return h("div", { class: "day", role: "separator" }, h("span", {}, row.divider));
  const { message } = row;
  const { world } = store;
  const by = author(message, world);
  const small = row.follows;
  const body = h("div", { class: "message-body" },
    message.ephemeral ? whisperHead(message, view) : null,
    small ? null : h("div", { class: "message-head" },
      h("span", { class: "author" }, by.name),
      by.app ? h("span", { class: "badge" }, by.mirrored ? t("mirror_badge") : t("app_badge")) : null,
      outsideBadge(by.user),
      h("time", { title: fullTime(message.ts) }, clock(message.ts))),
    view.editing === message.ts ? editor(message, view) : content(message, view),
    view.inThread ? null : threadLine(message, view));
  const node = h("article", {
    class: `message ${small ? "follows" : ""} ${message.ephemeral ? "whisper" : ""}`.trim(), tabindex: "-1",
    data: { testid: "message", ts: message.ts, ephemeral: message.ephemeral ? "true" : "false", user: message.user ?? message.bot_id },
    "aria-label": `${by.name}, ${clock(message.ts)}`,
  }, h("div", { class: "gutter" }, small ? h("time", { title: fullTime(message.ts) }, clock(message.ts)) : face(by.user, { app: by.app && !by.mirrored })), body);
  if (!message.ephemeral && view.editing !== message.ts) {
    const show = () => { if (!node.querySelector(".tools")) node.append(toolbar(message, view)); };
    node.addEventListener("pointerenter", show);
    node.addEventListener("focusin", show);
    node.addEventListener("pointerleave", () => { if (!node.contains(document.activeElement)) node.querySelector(".tools")?.remove(); });
  }
  return node;
}

function outsideBadge(user) {
  if (user?.kind === "external") return h("span", { class: "badge outside" }, t("outside"));
  if (user?.kind === "guest") return h("span", { class: "badge outside" }, t("guest"));
  return null;
}

function whisperHead(message, { seat, channel }) {
  return h("div", { class: "whisper-head" }, icon("eye"),
    h("strong", {}, t("only_you")), h("span", { class: "detail" }, t("only_you_detail")),
    iconButton("close", t("dismiss"), () => store.dismiss(seat, channel, message.ts), { data: { testid: "dismiss" } }));
}

function content(message, view) {
  const { world } = store;
  const key = `${view.seat}/${view.channel}/${message.ts}`;
  if (!values.has(key)) values.set(key, {});
  const node = h("div", { class: "content" });
  const typed = message.user && !message.bot_id && !world.isApp(world.user(message.user));
  if (message.blocks?.length && !typed) node.append(renderBlocks(message.blocks, blockContext(message, view, values.get(key))));
  else node.append(...mrkdwn(message.text, world));
  if (message.files?.length) {
    const links = message.files.map((file) => h("li", {}, safeLink(file.permalink, file.name)));
    node.append(h("ul", { class: "files", data: { testid: "files" } }, ...links));
  }
  if (message.edited) (node.querySelector(".text:last-of-type") ?? node).append(h("span", { class: "edited" }, ` ${t("edited")}`));
  return node;
}

function blockContext(message, view, kept) {
  const container = { type: message.ephemeral ? "ephemeral" : "message", channel: view.channel, ts: message.ts };
  return {
    world: store.world, seat: view.seat, values: kept,
    confirm: (object) => view.pane.confirm(object),
    act: (action) => view.pane.act({ container, action, values: kept }),
    options: (query) => api.options({ user: view.seat, container, ...query }),
  };
}

function threadLine(message, view) {
  const { count, last, people, whispers, news } = threadSummary(message, view);
  if (!count && !whispers) return null;
  return h("button", { type: "button", class: `thread-line ${news ? "news" : ""}`, data: { testid: "open-thread" }, onclick: () => view.pane.openThread(message.ts) },
    h("span", { class: "thread-faces" }, ...people.map((id) => face(store.world.user(id) ?? { id, name: "?" }, { size: "tiny" }))),
    count ? h("span", {}, t("replies", { n: count })) : null,
    last ? h("span", { class: "quiet" }, t("last_reply", { time: clock(last) })) : null,
    news ? h("span", { class: "dot", title: t("new_replies") }) : null,
    whispers ? h("span", { class: "whisper-chip" }, icon("eye"), t("whisper_in_thread")) : null);
}

function toolbar(message, view) {
  const { pane, seat, channel } = view;
  const own = message.user === seat && !message.bot_id;
  const more = iconButton("more", t("more_actions"), () => {
    const items = store.world.shortcuts.filter((s) => s.type === "message").map((s) => ({
      label: s.name, icon: "bolt", hint: store.world.app.name, testid: `shortcut-${s.callback_id}`,
      onpick: () => pane.shortcut({ callback_id: s.callback_id, channel, ts: message.ts }),
    }));
    if (own) {
      items.push({ label: t("edit"), icon: "edit", testid: "edit", onpick: () => pane.edit(message.ts) });
      items.push({ label: t("delete"), icon: "trash", danger: true, testid: "delete", onpick: () => remove(message, view) });
    }
    openMenu(more, items, { label: t("more_actions"), empty: t("no_shortcuts") });
  }, { data: { testid: "message-menu" }, "aria-haspopup": "menu" });
  return h("div", { class: "tools", role: "toolbar", "aria-label": t("more_actions") },
    view.inThread ? null : iconButton("reply", t("reply_in_thread"), () => pane.openThread(message.ts, { focus: true }), { data: { testid: "reply" } }),
    own ? iconButton("edit", t("edit"), () => pane.edit(message.ts)) : null, more);
}

async function remove(message, { pane, seat, channel }) {
  const preview = h("blockquote", {}, ...inline((message.text ?? "").split("\n")[0], store.world));
  const sure = await pane.ask({ title: t("delete"), body: [h("p", {}, t("delete_sure")), preview], yes: t("delete"), danger: true });
  if (sure) pane.try(() => api.remove({ user: seat, channel, ts: message.ts }));
}

function editor(message, { pane, seat, channel }) {
  const before = fromText(message.text ?? "", store.world);
  const area = h("textarea", { rows: 3, value: before, "aria-label": t("edit"), data: { testid: "edit-box" } });
  const save = async () => {
    const text = toText(area.value.trim(), store.world);
    if (text && area.value.trim() !== before) await pane.try(() => api.edit({ user: seat, channel, ts: message.ts, text }));
    pane.edit(null);
  };
  area.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); save(); }
    if (event.key === "Escape") { event.stopPropagation(); pane.edit(null); }
  });
  queueMicrotask(() => { area.focus(); area.setSelectionRange(area.value.length, area.value.length); });
  return h("div", { class: "editor" }, area, h("div", { class: "editor-foot" },
    h("button", { type: "button", class: "button small", onclick: () => pane.edit(null) }, t("cancel")),
    h("button", { type: "button", class: "button small primary", onclick: save }, t("save"))));
}
