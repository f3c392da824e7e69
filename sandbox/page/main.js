// The page: banner, guide, one or two panes, log.

import { api } from "./api.js";
import { h, iconButton } from "./dom.js";
import { draft } from "./composer.js";
import { hasChosen, locale, onLanguage, pick, suggestedLanguage, t } from "./i18n.js";
import { logDrawer } from "./log.js";
import { Pane } from "./pane.js";
import { startTheme, topbar } from "./topbar.js";
import { store } from "./store.js";
import { storyGuide } from "./story.js";

const LAYOUT = "sandbox.layout";
const WHISPERED = "sandbox.whispered";
const WIDE = matchMedia("(min-width: 900px)");

const page = {
  two: true, log: false, story: true,
  panes: [], focused: 0, places: {},
  toggle(name) {
    page[name] = !page[name];
    build();
  },
};

let bar;
let guide;
let drawer;
let life = new AbortController();

function restore() {
  let kept = {};
  try { kept = JSON.parse(sessionStorage.getItem(LAYOUT) ?? "{}"); } catch { /* a layout of another time */ }
  const ids = store.world.seats().map((u) => u.id);
  page.two = kept.two ?? true;
  page.log = kept.log ?? false;
  page.story = kept.story ?? true;
  page.places = kept.places ?? {};
  const outside = store.world.seats().find((u) => u.kind === "external")?.id ?? ids[0];
  const agent = store.world.seats().find((u) => u.kind === "member")?.id ?? ids[1] ?? ids[0];
  page.seats = (kept.seats ?? [outside, agent]).map((id) => (ids.includes(id) ? id : ids[0]));
}

function remember() {
  page.panes.forEach((pane, i) => { page.seats[i] = pane.seat; });
  const { two, log, story, places, seats } = page;
  sessionStorage.setItem(LAYOUT, JSON.stringify({ two, log, story, places, seats }));
}

function moved() {
  remember();
  guide?.update();
}

/** Make the whole page anew: at the start, on another language, another width, another layout. */
function build() {
  const count = page.two && WIDE.matches ? 2 : 1;
  life.abort();
  life = new AbortController();
  if (page.panes.length) remember();
  page.focused = Math.min(page.focused, count - 1);
  page.panes = page.seats.slice(0, count).map((seat, i) => new Pane(i, seat, page.places, { did, moved }));
  for (const pane of page.panes) {
    for (const kind of ["focusin", "pointerdown"]) pane.node.addEventListener(kind, () => focusPane(pane.index, false));
  }
  bar = topbar(page, life.signal);
  guide = storyGuide({ goTo, shows: (step) => page.panes.some((pane) => pane.shows(step.seat, placeOf(step))), onhide: () => page.toggle("story"), signal: life.signal });
  drawer = page.log ? logDrawer({ onclose: () => page.toggle("log") }) : null;
  document.title = `${t("title")} · ${store.world.team?.name ?? ""}`;
  document.body.className = page.log ? "with-log" : "";
  document.body.replaceChildren(...[
    bar.node, page.story ? guide.node : null,
    h("div", { class: `panes panes-${count}` }, ...page.panes.map((pane) => pane.node)),
    drawer?.node,
  ].filter(Boolean));
  bar.update();
  guide.recall();
  drawer?.update();
  for (const pane of page.panes) { pane.update(); pane.main.list?.end(); pane.bar.reveal(); }
  focusPane(page.focused, false);
  remember();
}

function focusPane(index, move = true) {
  page.focused = index;
  page.panes.forEach((pane) => pane.node.classList.toggle("focused", pane.index === index && page.panes.length > 1));
  if (move) page.panes[index].main.box?.area.focus();
}

function did(what, detail) {
  guide?.did(what, detail);
}

/** Where a step plays; one without a channel plays in its seat's direct messages with the app. */
function placeOf(step) {
  const app = store.world.app.user_id;
  return step.channel ?? store.channelsOf(step.seat).find((c) => c.kind === "im" && c.members.includes(app))?.id;
}

/** Bring a step's seat and channel on screen, and its words into the composer. */
function goTo(step) {
  const outside = store.world.user(step.seat)?.kind !== "member";
  const index = Math.max(page.panes.findIndex((p) => p.seat === step.seat), -1);
  const pane = page.panes[index >= 0 ? index : outside || page.panes.length < 2 ? 0 : 1];
  const say = step.say ? pick(step.say) : "";
  if (step.channel && say) draft(step.seat, step.channel, say);
  pane.sit(step.seat);
  const channel = placeOf(step);
  if (channel) pane.go({ view: "channel", channel, thread: null });
  else pane.openIm(store.world.app.user_id);
  focusPane(pane.index);
  if (say) pane.main.box?.set(say);
}

function keys(event) {
  const pane = page.panes[page.focused];
  if (event.altKey && !event.ctrlKey && !event.metaKey && /^Digit[1-9]$/.test(event.code)) {
    const seat = store.world.seats()[Number(event.code.slice(5)) - 1];
    if (!seat) return;
    event.preventDefault();
    pane.sit(seat.id);
    did("seat", { seat: seat.id });
    pane.main.box?.area.focus();
  } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (!document.querySelector(".switcher")) pane.switcher();
  } else if (event.key === "Escape" && event.target === document.body) {
    pane.keys(event);
  } else if (event.key === "F6" && page.panes.length > 1) {
    event.preventDefault();
    focusPane((page.focused + 1) % page.panes.length);
  }
}

/** Everybody on the page uses Slack in its language, so that the app speaks it too. */
function speak() {
  return api.admin({ do: "set_locale", locale: locale() === "en" ? "en-GB" : locale() }).catch(() => {});
}

/** Whispers end with the page; say so, once, when there were some. */
function tellOfReload() {
  if (!sessionStorage.getItem(WHISPERED)) return;
  sessionStorage.removeItem(WHISPERED);
  const hint = h("p", { class: "reload-hint", role: "status", data: { testid: "reload-hint" } }, t("gone_ephemerals"), iconButton("close", t("close"), () => hint.remove()));
  document.querySelector(".panes").before(hint);
  setTimeout(() => hint.remove(), 9000);
}

let waiting = new Map();

/** Gather what happened in one turn, so that a burst draws once. */
function heard(what) {
  if (what.whisper) sessionStorage.setItem(WHISPERED, "1");
  const key = `${what.type}/${what.seat ?? ""}/${what.channel ?? ""}`;
  if (!waiting.size) queueMicrotask(flush);
  waiting.set(key, what);
}

function flush() {
  const batch = [...waiting.values()];
  waiting = new Map();
  for (const what of batch) {
    for (const pane of page.panes) pane.heard(what);
    if (["app", "connection", "story"].includes(what.type)) bar.update();
    if (what.type === "story") guide.recall();
    if (what.type === "log") drawer?.update();
    if (what.type === "names") build();
  }
}

async function start() {
  startTheme();
  await suggestedLanguage();
  try {
    await store.start();
  } catch {
    document.body.replaceChildren(h("p", { class: "fatal", role: "alert" }, t("started_no_world")));
    return;
  }
  store.watching = (seat, channel, thread) => page.panes.some((pane) => pane.shows(seat, channel, thread));
  restore();
  build();
  store.on(heard);
  store.on((what) => guide?.heard(what));
  onLanguage(async () => { await speak(); await store.on_names(); }); // which builds the page once, in its new words and names
  if (hasChosen()) speak();
  WIDE.addEventListener("change", build);
  document.addEventListener("keydown", keys);
  tellOfReload();
  page.panes.at(-1).follow(location.href);
}

start();
