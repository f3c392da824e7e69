// One pane: a whole seat, with its places, conversation, thread, home, modals and notices.

import { api } from "./api.js";
import { sidebar } from "./channels.js";
import { conversation, threadPanel } from "./conversation.js";
import { ask } from "./dialog.js";
import { h, iconButton } from "./dom.js";
import { plain, textNodes } from "./elements.js";
import { homeView } from "./home.js";
import { knows, t } from "./i18n.js";
import { modals } from "./modal.js";
import { seatBar } from "./seats.js";
import { openSwitcher } from "./switcher.js";
import { store } from "./store.js";

const NOTICE = 7000;
const FILE = /^[^?#]*\/files\/[A-Z0-9]+\/F[A-Z0-9]+\/[^/?#]+$/;
const PERMALINK = /\/(?:archives\/|#)([A-Z0-9]+)\/p(\d+)(\d{6})/;

export class Pane {
  /** index: 0 left, 1 right. places: where each seat was last, kept by the caller. hooks: {did, moved}. */
  constructor(index, seat, places, hooks) {
    this.index = index;
    this.seat = seat;
    this.places = places;
    this.hooks = hooks;
    this.editing = null;
    this.main = null;
    this.thread = null;
    this.build();
  }

  get place() {
    this.places[this.seat] ??= { view: "channel", channel: this.firstChannel(), thread: null };
    const place = this.places[this.seat];
    if (place.view === "channel" && !store.world.channel(place.channel)?.members?.includes(this.seat)) place.channel = this.firstChannel();
    return place;
  }

  firstChannel() {
    const mine = store.channelsOf(this.seat);
    return (mine.find((c) => c.kind === "shared") ?? mine[0])?.id ?? null;
  }

  build() {
    this.bar = seatBar(this);
    this.side = sidebar(this);
    this.stage = h("div", { class: "stage" });
    this.shade = h("div", { class: "shade", onclick: () => this.drawer(false) });
    this.toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    this.modals = modals(this);
    this.node = h("section", { class: "pane", data: { pane: this.index } }, this.bar.node,
      h("div", { class: "pane-body" }, this.side.node, this.shade, this.stage, this.modals.node), this.toasts);
    this.node.addEventListener("keydown", (event) => this.keys(event));
    this.node.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      if (link && this.follow(link.href)) event.preventDefault();
    });
    this.show();
  }

  sit(seat) {
    if (seat === this.seat) return;
    this.seat = seat;
    this.editing = null;
    this.show();
    this.bar.reveal();
    this.hooks.moved();
  }

  go(place) {
    Object.assign(this.place, place);
    this.drawer(false);
    this.show();
    this.hooks.moved();
  }

  show() {
    const { place, seat } = this;
    this.node.dataset.seat = seat;
    this.node.setAttribute("aria-label", t("seat_of", { name: store.world.name(seat) }));
    this.thread = null;
    if (place.view === "home") this.main = homeView(this);
    else if (place.channel) {
      this.main = conversation(this, place.channel);
      this.try(() => store.load(seat, place.channel));
      if (place.thread) this.thread = threadPanel(this, place.channel, place.thread);
    } else this.main = { node: h("p", { class: "empty" }, t("no_seat_channels")), update() {} };
    this.stage.replaceChildren(this.main.node, ...(this.thread ? [this.thread.node] : []));
    this.stage.classList.toggle("with-thread", Boolean(this.thread));
    this.update();
    this.main.list?.end();
    this.thread?.list.end();
  }

  update() {
    this.look();
    this.bar.update();
    this.side.update();
    this.main.update();
    this.thread?.update();
    this.modals.update();
  }

  /** The person sees this place, so its badges go. */
  look() {
    const { place, seat } = this;
    if (place.view === "channel" && place.channel) store.seen(seat, place.channel, place.thread);
    if (place.view === "home") store.seat(seat).homeNews = false;
  }

  shows(seat, channel, thread) {
    const { place } = this;
    if (seat !== this.seat) return false;
    if (channel === "home") return place.view === "home";
    return place.view === "channel" && place.channel === channel && (thread === undefined || place.thread === thread);
  }

  /** A permalink to a message leads to it here, as in Slack, one to a file to what this seat may see of it. */
  follow(href) {
    if (FILE.test(href)) {
      window.open(`${href}?seat=${this.seat}`, "_blank", "noopener,noreferrer");
      return true;
    }
    const [, channel, seconds, rest] = href.match(PERMALINK) ?? [];
    if (!channel) return false;
    if (!store.world.channel(channel)?.members?.includes(this.seat)) {
      this.notice({ code: "not_in_channel" });
      return true;
    }
    const [, thread = null] = href.match(/[?&]thread_ts=([\d.]+)/) ?? [];
    this.go({ view: "channel", channel, thread });
    store.load(this.seat, channel).then(() => (this.thread ?? this.main).list?.point(`${seconds}.${rest}`));
    return true;
  }

  openThread(ts, { focus = false } = {}) {
    this.go({ thread: ts });
    if (focus || matchMedia("(hover: hover)").matches) this.thread?.box.area.focus();
  }

  closeThread() {
    this.go({ thread: null });
    this.main.box?.area.focus();
  }

  edit(ts) {
    this.editing = ts;
    this.main.update();
    this.thread?.update();
    if (!ts) (this.thread ?? this.main).box?.area.focus();
  }

  editLast(thread) {
    const room = store.seat(this.seat).room(this.place.channel);
    const mine = (thread ? room.thread(thread) : room.top()).filter((m) => m.user === this.seat && !m.ephemeral && !m.bot_id);
    if (!mine.length) return false;
    this.edit(mine[mine.length - 1].ts);
    return true;
  }

  drawer(open) {
    this.node.classList.toggle("drawer-open", open);
  }

  switcher() {
    openSwitcher(this);
  }

  async openIm(other) {
    const answer = await this.try(() => api.openIm(this.seat, other));
    if (!answer) return;
    store.on_channel(null, { channel: answer.channel });
    this.go({ view: "channel", channel: answer.channel.id, thread: null });
    this.main.box?.area.focus();
  }

  /** Do something that the sandbox may refuse; a refusal is said in the pane. */
  async try(doing) {
    try {
      return (await doing()) ?? {};
    } catch (error) {
      this.notice(error);
      return null;
    }
  }

  async act(body) {
    const ok = await this.try(() => api.action({ user: this.seat, ...body }));
    if (ok) this.did("click", { seat: this.seat, action: body.action.action_id });
  }

  async shortcut(body) {
    const ok = await this.try(() => api.shortcut({ user: this.seat, ...body }));
    if (ok) this.did("shortcut", { seat: this.seat, callback_id: body.callback_id });
  }

  did(what, detail) {
    this.hooks.did(what, detail);
  }

  ask(question) {
    return ask(this.node, question);
  }

  confirm(object) {
    return this.ask({
      title: plain(object.title), body: textNodes(object.text, store.world), yes: plain(object.confirm), no: plain(object.deny), danger: object.style === "danger",
    });
  }

  notice(error) {
    const key = `error.${error.code}`;
    const sentence = knows(key) ? t(key) : error.message || String(error);
    const node = h("div", { class: "toast", data: { testid: "notice", code: error.code } }, h("p", {}, t("failed", { reason: sentence }),
      error.code ? h("code", {}, t("code", { code: error.code })) : null), iconButton("close", t("close"), () => node.remove()));
    this.toasts.append(node);
    setTimeout(() => node.remove(), NOTICE);
  }

  keys(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (this.node.classList.contains("drawer-open")) this.drawer(false);
    else if (this.thread) this.closeThread();
  }

  /** Something in the store changed. */
  heard(what) {
    if (what.type === "room") {
      const here = what.seat === this.seat && this.place.channel === what.channel;
      if (here) {
        this.look();
        this.main.update();
        this.thread?.update();
      }
    } else if (what.type === "views" && what.seat === this.seat) this.modals.update();
    else if (what.type === "home" && what.seat === this.seat && this.place.view === "home") this.main.update();
    else if (what.type === "channels") this.main.updateHead?.();
    if (["badges", "home", "channels", "room"].includes(what.type)) {
      this.bar.update();
      if (what.seat === undefined || what.seat === this.seat) this.side.update();
    }
  }
}
