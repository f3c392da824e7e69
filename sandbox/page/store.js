// What the page knows: the world, and for every seat its messages, whispers, views and badges.
// A whisper (an ephemeral message) lives here alone, and so ends with the page, as in Slack.

import { api, stream } from "./api.js";

const MANY_LOG_ENTRIES = 1000;

class World {
  constructor(data) {
    Object.assign(this, data);
    this.users = data.users ?? [];
    this.channels = data.channels ?? [];
    this.commands = data.commands ?? [];
    this.shortcuts = data.shortcuts ?? [];
    this.app = data.app ?? { name: "App", user_id: null, connected: false };
  }

  user(id) { return this.users.find((u) => u.id === id); }
  channel(id) { return this.channels.find((c) => c.id === id); }
  seats() { return this.users.filter((u) => u.seat); }
  name(id) { const u = this.user(id); return u ? u.real_name || u.name : id; }
  isApp(user) { return user?.is_bot || user?.id === this.app.user_id; }

  put(channel) {
    const at = this.channels.findIndex((c) => c.id === channel.id);
    if (at < 0) this.channels.push(channel);
    else this.channels[at] = { ...this.channels[at], ...channel };
  }

  /** The teams, other than the seat's own, whose people are in a channel. */
  otherTeams(channel, seat) {
    const members = (channel.members ?? []).map((id) => this.user(id)).filter(Boolean);
    const ids = [...new Set(members.map((u) => u.team_id))].filter((id) => id !== this.user(seat)?.team_id);
    return ids.map((id) => (this.teams ?? []).find((team) => team.id === id)?.name).filter(Boolean);
  }

  hasOutsiders(channel) {
    return channel.kind === "shared" || (channel.members ?? []).some((id) => ["external", "guest"].includes(this.user(id)?.kind));
  }

  /** What a seat calls a channel. */
  title(channel, seat) {
    if (channel.kind !== "im") return channel.name || channel.id;
    const other = (channel.members ?? []).find((id) => id !== seat) ?? seat;
    return this.name(other);
  }

  /** The same with its sign: #channel or @person. */
  label(channel, seat) { return `${channel.kind === "im" ? "@" : "#"}${this.title(channel, seat)}`; }
}

class Room {
  constructor() {
    this.messages = new Map();
    this.whispers = new Map();
    this.unread = 0;
    this.unseenWhispers = 0;
    this.threadNews = new Set();
    this.loaded = null;
  }

  sorted() {
    return [...this.messages.values(), ...this.whispers.values()].sort((a, b) => Number(a.ts) - Number(b.ts));
  }

  thread(ts) {
    return this.sorted().filter((m) => m.ts === ts || m.thread_ts === ts);
  }

  top() {
    return this.sorted().filter((m) => !m.thread_ts || m.thread_ts === m.ts);
  }
}

class Seat {
  constructor(user) {
    this.id = user.id;
    this.rooms = new Map();
    this.home = null;
    this.homeNews = false;
    this.views = [];
  }

  room(channel) {
    if (!this.rooms.has(channel)) this.rooms.set(channel, new Room());
    return this.rooms.get(channel);
  }

  unread() { return sum(this, "unread"); }
  unseenWhispers() { return sum(this, "unseenWhispers"); }
}

const sum = (seat, key) => [...seat.rooms.values()].reduce((n, room) => n + room[key], 0);

class Store {
  constructor() {
    this.listeners = new Set();
    this.world = null;
    this.seats = new Map();
    this.log = [];
    this.story = null;
    this.watching = () => false;
    this.down = new Set();
  }

  on(listener) { this.listeners.add(listener); return () => this.listeners.delete(listener); }
  tell(what) { for (const listener of [...this.listeners]) listener(what); }
  seat(id) { return this.seats.get(id); }

  async start() {
    this.world = new World(await api.world());
    this.story = this.world.story ?? null;
    for (const user of this.world.seats()) {
      this.seats.set(user.id, new Seat(user));
      stream(user.id, {
        onpush: (push) => this.take(user.id, push),
        onopen: (again) => { this.down.delete(user.id); if (again) this.refill(user.id); this.tell({ type: "connection" }); },
        onclose: () => { this.down.add(user.id); this.tell({ type: "connection" }); },
      });
    }
    this.readLog();
  }

  async readLog() {
    const { entries } = await api.log(0).catch(() => ({ entries: [] }));
    for (const entry of entries) this.takeLog(entry);
  }

  /** The channels a seat is in, as its list shows them. */
  channelsOf(seat) {
    return this.world.channels.filter((c) => (c.members ?? []).includes(seat));
  }

  load(seat, channel) {
    const room = this.seat(seat).room(channel);
    room.loaded ??= this.fill(seat, channel, room).catch((error) => { room.loaded = null; throw error; });
    return room.loaded;
  }

  async fill(seat, channel, room) {
    const before = [...room.messages.keys()];
    const { messages } = await api.history(seat, channel);
    const known = new Set(messages.map((m) => m.ts));
    for (const ts of before) if (!known.has(ts)) room.messages.delete(ts);
    for (const message of messages) room.messages.set(message.ts, message);
    this.tell({ type: "room", seat, channel });
  }

  /** After a break: what may have changed while nobody listened. */
  refill(seat) {
    this.refresh();
    for (const [channel, room] of this.seat(seat).rooms) if (room.loaded) this.fill(seat, channel, room).catch(() => {});
  }

  async loadHome(seat) {
    const before = this.seat(seat).home;
    const { view } = await api.home(seat);
    if (this.seat(seat).home !== before) return; // a newer one was pushed meanwhile
    this.seat(seat).home = view;
    this.tell({ type: "home", seat });
  }

  async refresh() {
    const fresh = await api.world().catch(() => null);
    if (!fresh) return;
    for (const key of ["app", "team", "teams", "users", "other_apps"]) this.world[key] = fresh[key] ?? this.world[key];
    for (const channel of fresh.channels) this.world.put(channel);
    this.story = fresh.story ?? null;
    for (const type of ["app", "channels", "story"]) this.tell({ type });
  }

  take(id, push) {
    const seat = this.seat(id);
    const handler = this[`on_${push.type}`];
    if (handler) handler.call(this, seat, push);
  }

  on_message(seat, { channel, message }) {
    const room = seat.room(channel);
    const fresh = !room.messages.has(message.ts);
    room.messages.set(message.ts, message);
    if (fresh && message.user !== seat.id) this.count(seat, channel, message, "unread");
    this.tell({ type: "room", seat: seat.id, channel, fresh: fresh ? message : undefined });
  }

  on_message_changed(seat, { channel, message }) {
    seat.room(channel).messages.set(message.ts, message);
    this.tell({ type: "room", seat: seat.id, channel, changed: message });
  }

  on_message_deleted(seat, { channel, ts }) {
    seat.room(channel).messages.delete(ts);
    this.tell({ type: "room", seat: seat.id, channel });
  }

  on_ephemeral(seat, { channel, message }) {
    seat.room(channel).whispers.set(message.ts, { ...message, ephemeral: true });
    this.count(seat, channel, message, "unseenWhispers");
    this.tell({ type: "room", seat: seat.id, channel, fresh: message, whisper: true });
  }

  on_ephemeral_replaced(seat, { channel, ts, message }) {
    const room = seat.room(channel);
    const old = room.whispers.get(ts);
    if (message) room.whispers.set(ts, { thread_ts: old?.thread_ts, ...message, ts, ephemeral: true });
    this.tell({ type: "room", seat: seat.id, channel });
  }

  on_ephemeral_deleted(seat, { channel, ts }) { this.dismiss(seat.id, channel, ts); }

  dismiss(seat, channel, ts) {
    this.seat(seat).room(channel).whispers.delete(ts);
    this.tell({ type: "room", seat, channel });
  }

  on_view_opened(seat, { view }) {
    seat.views = [view];
    this.tell({ type: "views", seat: seat.id, opened: view });
  }

  on_view_pushed(seat, { view }) {
    seat.views = [...seat.views.filter((v) => v.id !== view.id), view];
    this.tell({ type: "views", seat: seat.id, opened: view });
  }

  on_view_updated(seat, { view }) {
    if (view.type === "home") { this.on_home(seat, { view }); return; }
    seat.views = seat.views.map((v) => (v.id === view.id ? view : v));
    this.tell({ type: "views", seat: seat.id });
  }

  on_view_closed(seat, { view, view_id: id }) { this.closeView(seat.id, view?.id ?? id); }

  closeView(seat, id) {
    const views = this.seat(seat).views;
    this.seat(seat).views = id === undefined ? [] : views.filter((v) => v.id !== id);
    if (this.seat(seat).views.length !== views.length) this.tell({ type: "views", seat });
  }

  on_home(seat, { view }) {
    seat.home = view;
    seat.homeNews = !this.watching(seat.id, "home");
    this.tell({ type: "home", seat: seat.id });
  }

  on_channel(seat, { channel }) {
    this.world.put(channel);
    this.tell({ type: "channels" });
  }

  /** Everybody and everything is called by other names now; every seat hears of it, one look is enough. */
  on_names() {
    return this.renaming ??= this.refresh().then(() => { this.renaming = null; this.tell({ type: "names" }); });
  }

  on_log(_seat, { entry }) { this.takeLog(entry); }

  takeLog(entry) {
    const last = this.log[this.log.length - 1];
    if (last && entry.n <= last.n) {
      if (this.log.some((e) => e.n === entry.n)) return;
      this.log.push(entry);
      this.log.sort((a, b) => a.n - b.n);
    } else this.log.push(entry);
    if (this.log.length > MANY_LOG_ENTRIES) this.log.shift();
    this.tell({ type: "log", entry });
  }

  on_app(_seat, { connected }) {
    this.world.app.connected = connected;
    this.tell({ type: "app" });
  }

  on_story(_seat, { story }) {
    this.story = story;
    this.tell({ type: "story" });
  }

  count(seat, channel, message, what) {
    const inThread = message.thread_ts && message.thread_ts !== message.ts;
    if (this.watching(seat.id, channel, inThread ? message.thread_ts : undefined)) return;
    const room = seat.room(channel);
    room[what] += 1;
    if (inThread) room.threadNews.add(message.thread_ts);
    this.tell({ type: "badges", seat: seat.id });
  }

  /** The person looks at a room, so its badges go. */
  seen(seat, channel, thread) {
    const room = this.seat(seat).room(channel);
    if (!room.unread && !room.unseenWhispers && !room.threadNews.has(thread)) return;
    room.unread = 0;
    room.unseenWhispers = 0;
    if (thread) room.threadNews.delete(thread);
    this.tell({ type: "badges", seat });
  }
}

export const store = new Store();
