// Ctrl/Cmd+K: find a channel or a person.

import { composing, h, icon, trapFocus } from "./dom.js";
import { channelIcon } from "./channels.js";
import { pick, t } from "./i18n.js";
import { face } from "./people.js";
import { store } from "./store.js";

export function openSwitcher(pane) {
  const { world } = store;
  const before = document.activeElement;
  const staff = world.user(pane.seat)?.kind !== "external";
  const places = [
    ...store.channelsOf(pane.seat).filter((c) => c.kind !== "im").map((c) => ({
      face: () => channelIcon(c), name: c.name, hint: pick(c.topic), go: () => pane.go({ view: "channel", channel: c.id, thread: null }),
    })),
    ...world.users.filter((u) => u.id !== pane.seat && !u.is_bot && (staff || u.kind !== "guest")).map((u) => ({
      face: () => face(u, { size: "tiny" }), name: u.real_name || u.name, alias: u.name, hint: pick(u.title), go: () => pane.openIm(u.id),
    })),
  ];
  let at = 0;
  let found = places;
  const input = h("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "switcher-list", placeholder: t("switcher"), "aria-label": t("switcher"), autocomplete: "off", data: { testid: "switcher-input" } });
  const list = h("ul", { id: "switcher-list", role: "listbox" });
  const dialog = h("div", { class: "switcher", role: "dialog", "aria-modal": "true", "aria-label": t("switcher"), data: { testid: "switcher" } },
    h("div", { class: "switcher-input" }, icon("search"), input), list, h("p", { class: "switcher-hint" }, t("switcher_hint")));
  const overlay = h("div", { class: "overlay top switcher-layer", onpointerdown: (event) => { if (event.target === overlay) close(); } }, dialog);

  function close() {
    overlay.remove();
    before?.focus?.();
  }

  function draw() {
    list.replaceChildren(...found.map((one, i) => h("li", {
      role: "option", "aria-selected": String(i === at), id: `switch-${i}`, onpointerdown: (event) => { event.preventDefault(); choose(one); },
    }, one.face(), h("span", {}, one.name), one.hint ? h("small", {}, one.hint) : null)));
    if (!found.length) list.append(h("li", { class: "note" }, t("nothing_found")));
    input.setAttribute("aria-activedescendant", `switch-${at}`);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function choose(one) {
    overlay.remove();
    one.go();
    pane.main.box?.area.focus();
  }

  input.addEventListener("input", () => {
    const text = input.value.trim().toLowerCase();
    found = places.filter((p) => `${p.name} ${p.alias ?? ""} ${p.hint ?? ""}`.toLowerCase().includes(text));
    at = 0;
    draw();
  });
  dialog.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    if (event.key === "Escape") { event.stopPropagation(); close(); }
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % (found.length || 1);
      draw();
    } else if (event.key === "Enter") { event.preventDefault(); if (found[at]) choose(found[at]); }
  });
  trapFocus(dialog);
  pane.node.append(overlay);
  draw();
  input.focus();
}
