// A list of messages that stays at its end while the person reads there, and the panels made of it.

import { channelHead } from "./channels.js";
import { composer } from "./composer.js";
import { h, icon, iconButton, syncList } from "./dom.js";
import { t } from "./i18n.js";
import { renderRow, rows, rowSign } from "./messages.js";
import { store } from "./store.js";

const NEAR = 80;

function messageList(label, pick, view) {
  const inner = h("div", { class: "messages-inner" });
  const empty = h("p", { class: "empty" });
  const fresh = h("button", { type: "button", class: "new-below", hidden: true, data: { testid: "new-below" }, onclick: () => end() }, t("new_below"), icon("down"));
  const node = h("div", { class: "messages", role: "log", "aria-live": "polite", "aria-label": label, tabindex: "0", data: { testid: view.inThread ? "thread-messages" : "messages" } }, inner, empty, fresh);
  let first = true;
  let atEnd = true;

  function end() {
    atEnd = true;
    fresh.hidden = true;
    node.scrollTop = node.scrollHeight;
  }

  function update() {
    let news = false;
    const items = rows(pick());
    const old = new Set([...inner.children].map((el) => el.dataset.key));
    syncList(inner, items, { key: (row) => row.key, sign: (row) => rowSign(row, view), make: (row) => {
      const el = renderRow(row, view);
      if (!first && !old.has(row.key)) { el.classList.add("arrives"); news = true; }
      return el;
    } });
    empty.textContent = items.length ? "" : view.room.loaded ? view.inThread ? "" : t("empty_channel") : t("loading");
    if (first || atEnd) end();
    else if (news) fresh.hidden = false;
    if (items.length) first = false;
  }

  node.addEventListener("keydown", (event) => {
    if (!["ArrowUp", "ArrowDown"].includes(event.key) || event.target.closest("textarea,input,select,[role=menu]")) return;
    const all = [...inner.querySelectorAll(".message")];
    const at = all.indexOf(document.activeElement.closest(".message"));
    const next = at < 0 ? all[all.length - 1] : all[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  });
  node.addEventListener("scroll", () => {
    atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
    if (atEnd) fresh.hidden = true;
  });
  const sizes = new ResizeObserver(() => { if (atEnd) end(); });
  sizes.observe(inner);
  sizes.observe(node);
  function point(ts) {
    update();
    const el = inner.querySelector(`[data-ts="${ts}"]`);
    if (!el) return;
    atEnd = false;
    el.scrollIntoView({ block: "center" });
    el.focus();
    el.classList.add("pointed");
  }

  return { node, update, end, point };
}

/** A channel's conversation. */
export function conversation(pane, channelId) {
  const { world } = store;
  const room = store.seat(pane.seat).room(channelId);
  const view = { pane, seat: pane.seat, channel: channelId, room, inThread: false, editing: null };
  const channel = world.channel(channelId);
  const title = world.label(channel, pane.seat);
  const list = messageList(title, () => room.top(), view);
  const box = composer({ pane, seat: pane.seat, channel: channelId, placeholder: t("message_to", { channel: title }) });
  let head = channelHead(pane, channel);
  const node = h("main", { class: "conversation", data: { testid: "conversation", channel: channelId } }, head, list.node, box.node);

  return {
    node, view, list, box,
    update() {
      view.editing = pane.editing;
      list.update();
    },
    updateHead() {
      const fresh = channelHead(pane, world.channel(channelId));
      head.replaceWith(fresh);
      head = fresh;
    },
  };
}

/** A thread beside the conversation, or over it where there is no room. */
export function threadPanel(pane, channelId, ts) {
  const room = store.seat(pane.seat).room(channelId);
  const view = { pane, seat: pane.seat, channel: channelId, room, inThread: true, editing: null };
  const list = messageList(t("thread"), () => room.thread(ts), view);
  const box = composer({ pane, seat: pane.seat, channel: channelId, thread: ts, placeholder: t("reply_to") });
  const node = h("aside", { class: "thread", "aria-label": t("thread"), data: { testid: "thread", ts } },
    h("header", { class: "conversation-head" }, h("div", { class: "head-words" }, h("h2", {}, h("span", {}, t("thread"))), h("p", {}, store.world.label(store.world.channel(channelId), pane.seat))),
      iconButton("close", t("close_thread"), () => pane.closeThread(), { data: { testid: "close-thread" } })),
    list.node, box.node);
  return {
    node, view, list, box,
    update() {
      view.editing = pane.editing;
      list.update();
    },
  };
}
