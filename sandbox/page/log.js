// The drawer with every event and call between the stand-in and the app.

import { copyable } from "./mrkdwn.js";
import { h, iconButton, syncList } from "./dom.js";
import { clock, fullTime, t } from "./i18n.js";
import { store } from "./store.js";

const ARROWS = { event: "→", call: "←", response: "↩" };

export function logDrawer({ onclose }) {
  let filter = "";
  let cleared = 0;
  let chosen = null;
  const input = h("input", { type: "search", placeholder: t("log_filter"), "aria-label": t("log_filter"), data: { testid: "log-filter" } });
  const list = h("div", { class: "log-rows", role: "listbox", tabindex: "0", "aria-label": t("log") });
  const empty = h("p", { class: "empty" });
  const scroller = h("div", { class: "log-list" }, list, empty);
  const detail = h("div", { class: "log-detail", data: { testid: "log-detail" } });
  const count = h("span", { class: "quiet" });
  const node = h("section", { class: "log", "aria-label": t("log"), data: { testid: "log" } },
    h("header", {}, h("h2", {}, t("log")), count, h("span", { class: "spring" }), input,
      h("button", { type: "button", class: "button small", data: { testid: "log-clear" }, onclick: () => { cleared = store.log.at(-1)?.n ?? 0; chosen = null; update(); } }, t("log_clear")),
      iconButton("close", t("log_close"), onclose)),
    h("div", { class: "log-body" }, scroller, detail));

  function row(entry) {
    const words = { event: "log_event", call: "log_call", response: "log_response" };
    const ok = entry.ok !== false;
    const result = entry.ok === null || entry.ok === undefined ? "" : ok ? "✓" : `✕ ${entry.error ?? ""}`;
    return h("button", {
      type: "button", role: "option", "aria-selected": String(chosen === entry.n), class: `log-entry ${ok ? "" : "bad"}`, tabindex: "-1",
      data: { testid: "log-entry", n: entry.n, dir: entry.dir, name: entry.name, ok: String(ok) },
      onclick: () => { chosen = entry.n; update(); },
    },
    h("time", { title: fullTime(when(entry)) }, clock(when(entry), true)),
    h("span", { class: `dir ${entry.dir}` }, `${ARROWS[entry.dir] ?? "·"} ${t(words[entry.dir] ?? "log_event")}`),
    h("b", {}, entry.name), h("span", { class: "log-result" }, result), h("span", { class: "log-summary" }, gist(entry)));
  }

  function update() {
    if (!node.isConnected) return;
    const text = filter.toLowerCase();
    const entries = store.log.filter((e) => e.n > cleared && (!text || JSON.stringify(e).toLowerCase().includes(text)));
    const end = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
    syncList(list, entries, { key: (e) => String(e.n), sign: (e) => `${chosen === e.n}`, make: row });
    empty.textContent = entries.length ? "" : text ? t("log_nothing", { text: filter }) : t("log_empty");
    count.textContent = entries.length ? String(entries.length) : "";
    if (end) scroller.scrollTop = scroller.scrollHeight;
    const entry = entries.find((e) => e.n === chosen);
    if (detail.dataset.n !== String(entry?.n ?? "") || !detail.children.length) show(entry);
  }

  function show(entry) {
    detail.dataset.n = entry?.n ?? "";
    if (!entry) { detail.replaceChildren(h("p", { class: "empty" }, t("log_choose"))); return; }
    const json = JSON.stringify(entry.body ?? entry, null, 2);
    detail.replaceChildren(
      h("p", {}, h("b", {}, entry.name), " ", h("span", { class: entry.ok === false ? "bad" : "good" }, entry.ok === false ? entry.error ?? "✕" : entry.ok ? t("log_ok") : "")),
      copyable("pre", [h("code", {}, ...coloured(json))], json));
  }

  input.addEventListener("input", () => { filter = input.value.trim(); update(); });
  list.addEventListener("keydown", (event) => {
    if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const rows = [...list.querySelectorAll(".log-entry")];
    const at = rows.findIndex((el) => Number(el.dataset.n) === chosen);
    const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)] ?? rows[rows.length - 1];
    if (!next) return;
    chosen = Number(next.dataset.n);
    update();
    const el = list.querySelector(`[data-n="${chosen}"]`);
    el?.scrollIntoView({ block: "nearest" });
    el?.focus();
  });
  return { node, update };
}

/** The summary, or for a bare payload what a person would look for in it. */
function gist({ summary = "", body }) {
  if (!summary.startsWith("{")) return summary;
  const payload = body?.payload ?? body ?? {};
  const what = [payload.event?.channel, payload.event?.user ?? payload.user?.id ?? payload.user_id, payload.event?.text ?? payload.text, payload.callback_id ?? payload.view?.callback_id,
    ...(payload.actions ?? []).map((a) => a.action_id)];
  return what.filter((x) => typeof x === "string" && x).join(" ") || summary;
}

function when(entry) {
  if (typeof entry.at === "number") return entry.at > 1e11 ? entry.at / 1000 : entry.at;
  return /^\d+(\.\d+)?$/.test(entry.at) ? Number(entry.at) : new Date(entry.at);
}

/** JSON with its keys, texts and numbers told apart by colour. */
function coloured(json) {
  const parts = json.split(/("(?:[^"\\]|\\.)*"(?=\s*:)|"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?)/);
  return parts.map((text, i) => {
    if (i % 2 === 0) return text;
    const kind = text.startsWith('"') ? (/^\s*:/.test(parts[i + 1]) ? "key" : "string") : "literal";
    return h("span", { class: `json-${kind}` }, text);
  });
}
