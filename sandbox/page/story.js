// The guide: one step at a time, with a button that goes there and fills in what to say.

import { h, icon, iconButton } from "./dom.js";
import { pick, t } from "./i18n.js";
import { face } from "./people.js";
import { store } from "./store.js";
import { fromText } from "./typed.js";

const KEY = "sandbox.story";
const SETTLES = 700;
const JUST_NOW = 2000;

/** The guide. goTo(step) switches a pane to the step's seat and channel and fills its composer; shows(step) tells whether one is there. */
export function storyGuide({ goTo, shows, onhide, signal }) {
  const node = h("section", { class: "story", "aria-label": t("story"), data: { testid: "story" } });
  const done = new Set(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));
  let at = 0;
  let gone = false;
  let open = false;
  let acted = false;
  let came = -Infinity;
  let last = "";

  const steps = () => (Array.isArray(store.story) ? store.story : store.story?.steps ?? []);
  const id = (step, i) => step.id ?? String(i);
  const isDone = (i) => done.has(id(steps()[i], i));
  const looks = (step) => !step.say && (!step.do || step.do === "look");

  /** What was said before the page was loaded counts too; a fresh stand-in starts fresh. */
  async function recall() {
    const said = steps().filter((s) => s.channel && wordings(s).some((words) => !words.startsWith("/")));
    for (const step of said) await store.load(step.seat, step.channel).catch(() => {});
    const heard = (step) => room(step).some((m) => m.user === step.seat && wordings(step).some((words) => fromText(m.text ?? "", store.world) === words));
    if (said.length && !room(said[0]).some((m) => m.user === said[0].seat)) done.clear();
    steps().forEach((step, i) => { if (said.includes(step) && heard(step)) done.add(id(step, i)); });
    at = firstOpen();
    update();
  }

  const seen = (step) => looks(step) && (gone || shows(step));
  const wordings = (step) => (typeof step.say === "string" ? [step.say] : Object.values(step.say ?? {}));
  const room = (step) => [...store.seat(step.seat)?.room(step.channel).messages.values() ?? []];
  const firstOpen = () => { const i = steps().findIndex((_, n) => !isDone(n)); return i < 0 ? steps().length : i; };

  /** The step that a deed or a piece of news can complete: the current one, or the first after it that is no look. */
  function due() {
    let i = at;
    while (i < steps().length && (looks(steps()[i]) || isDone(i))) i += 1;
    return i;
  }

  /** A step is done, and so is every look that lies before it. */
  function check(i) {
    for (let each = Math.min(at, i); each <= i; each += 1) if (each === i || looks(steps()[each])) done.add(id(steps()[each], each));
    sessionStorage.setItem(KEY, JSON.stringify([...done]));
    if (i >= at) {
      at = i + 1;
      while (at < steps().length && isDone(at)) at += 1;
      if (!looks(steps()[i])) { acted = false; came = -Infinity; }
      gone = false;
    }
    update();
  }

  /** The person did something; does it complete a step? */
  function did(what, detail) {
    const i = due();
    const step = steps()[i];
    if (!step || (detail.seat && detail.seat !== step.seat)) return;
    if (step.expect) {
      acted ||= ["say", "command"].includes(what) && (!step.channel || detail.channel === step.channel);
      if ((acted && performance.now() - came < JUST_NOW) || (what === "submit" && step.expect.sent && step.expect.sent === detail.view)) check(i);
      return;
    }
    const said = step.say && ["say", "command"].includes(what) && (gone || wordings(step).some((words) => words.trim() === detail.text.trim()));
    if (!step.say && step.do === "click" && what === "click") { setTimeout(() => settle(step), SETTLES); return; }
    const pressed = !step.say && ((step.do === "click" && what === "submit") || (step.do === "shortcut" && what === "shortcut") || (step.do === "command" && what === "command"));
    if (said || pressed) check(i);
  }

  /** Something arrived; is it what a step leads to? Whatever was typed, as long as its seat said something. */
  function heard({ type, seat, channel, fresh, changed, whisper, opened }) {
    const i = due();
    const step = steps()[i];
    if (!step?.expect) return;
    const { whisper: to, message: where, from, changed: card, view } = step.expect;
    if (view && type === "views" && seat === step.seat && opened?.callback_id === view) { check(i); return; }
    const arrived = type === "room" && ((to && whisper && seat === to) || (where && fresh && !whisper && channel === where && (!from || fresh.user === from)) || (card && changed && channel === card));
    const news = JSON.stringify([channel, fresh ?? changed]); // every seat that is there hears of it; it is one piece of news
    if (!arrived || news === last) return;
    last = news;
    if (acted || !step.say) check(i);
    else came = performance.now(); // the answer may be here before we hear that the words were taken
  }

  /** A click that opened a modal is done when the modal is sent; any other one at once. */
  function settle(step) {
    const i = due();
    if (steps()[i] === step && !store.seat(step.seat)?.views.length) check(i);
  }

  function next() {
    const step = steps()[at];
    if (!step) return;
    if (seen(step)) { check(at); return; }
    gone = true;
    goTo(step);
    update();
  }

  function jump(i) {
    at = i;
    gone = false;
    acted = false;
    open = false;
    update();
  }

  function restart() {
    done.clear();
    sessionStorage.removeItem(KEY);
    jump(0);
  }

  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open) return;
    open = false;
    update();
    node.querySelector(".story-count").focus();
  });
  document.addEventListener("pointerdown", (event) => { if (open && !node.contains(event.target)) { open = false; update(); } }, { signal });

  function update() {
    const all = steps();
    node.hidden = !all.length;
    if (!all.length) return;
    const step = all[at];
    const user = step && store.world.user(step.seat);
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    const dots = h("ol", { class: "dots", "aria-hidden": "true" }, ...all.map((_, i) => h("li", { class: `${isDone(i) ? "done" : ""} ${i === at ? "now" : ""}` })));
    const label = !step ? "" : seen(step) ? t("story_next") : step.say ? t("story_fill") : t("story_go");
    node.replaceChildren(...[
      h("div", { class: "story-line" },
        h("button", { type: "button", class: "story-count", "aria-expanded": String(open), title: t("story_all"), data: { testid: "story-all" }, onclick: () => { open = !open; update(); } },
          icon("flag"), h("span", {}, step ? `${at + 1}/${all.length}` : `${all.length}/${all.length}`), dots),
        step ? h("div", { class: "story-words", "aria-live": "polite", data: { testid: "story-step", step: id(step, at) } },
          h("span", { class: "story-seat" }, face(user, { size: "tiny" }), user?.real_name ?? user?.name ?? step.seat),
          h("strong", {}, pick(step.title)), h("span", { class: "story-text" }, pick(step.text)))
          : h("div", { class: "story-words", "aria-live": "polite", data: { testid: "story-end" } }, h("strong", {}, t("story_done"))),
        h("div", { class: "story-buttons" },
          step?.say && gone ? h("span", { class: "story-press" }, t("story_press")) : null,
          iconButton("back", t("story_back"), () => jump(at - 1), { disabled: at === 0, data: { testid: "story-back" } }),
          step ? h("button", { type: "button", class: `button small ${gone && !looks(step) ? "" : "primary"}`, data: { testid: "story-next" }, onclick: next }, label) : null,
          step ? iconButton("back", t("story_next"), () => jump(at + 1), { class: "flip", data: { testid: "story-skip" } })
            : h("button", { type: "button", class: "button small", title: t("story_restart_hint"), data: { testid: "story-restart" }, onclick: restart }, t("story_restart")),
          iconButton("close", t("story_hide"), onhide, { data: { testid: "story-hide" } }))),
      open ? list(all) : null,
    ].filter(Boolean));
    if (focused) node.querySelector(`[data-testid="${focused}"]`)?.focus();
  }

  function list(all) {
    return h("div", { class: "story-list" },
      h("ol", {}, ...all.map((step, i) => h("li", {}, h("button", { type: "button", class: `${isDone(i) ? "done" : ""} ${i === at ? "now" : ""}`, onclick: () => jump(i) },
        h("span", { class: "tick" }, isDone(i) ? icon("check") : String(i + 1)), h("span", { class: "story-seat" }, store.world.name(step.seat)), h("strong", {}, pick(step.title)), h("span", { class: "quiet" }, pick(step.text)))))),
      h("p", { class: "quiet" }, t("story_restart_hint"), " ", h("button", { type: "button", class: "button small", data: { testid: "story-restart" }, onclick: restart }, t("story_restart"))));
  }

  return { node, update, did, heard, recall };
}
