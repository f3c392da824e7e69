// A small floating menu beside the button that opened it.

import { h, icon } from "./dom.js";

let close = () => {};

/** Show items [{label, hint?, icon?, danger?, testid?, data?, onpick}] beside an anchor; arrows, Enter and Escape work. */
export function openMenu(anchor, items, { label = "", empty = "" } = {}) {
  const again = close.anchor === anchor;
  close();
  if (again) return;
  const list = h("div", { class: "menu", role: "menu", "aria-label": label, data: { testid: "menu" } });
  for (const item of items) {
    list.append(h("button", {
      type: "button", role: "menuitem", class: item.danger ? "danger" : "", data: { testid: item.testid, ...item.data },
      onclick: () => { close(); anchor.focus(); item.onpick(); },
    }, item.icon ? icon(item.icon) : null, h("span", { class: "menu-label" }, item.label), item.hint ? h("span", { class: "menu-hint" }, item.hint) : null));
  }
  if (!items.length) list.append(h("p", { class: "menu-empty" }, empty));
  document.body.append(list);
  place(list, anchor);
  anchor.setAttribute("aria-expanded", "true");

  const outside = (event) => { if (!list.contains(event.target) && !anchor.contains(event.target)) close(); };
  const keys = (event) => {
    const stops = [...list.querySelectorAll("button")];
    const at = stops.indexOf(document.activeElement);
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); anchor.focus(); }
    else if (event.key === "ArrowDown") { event.preventDefault(); stops[(at + 1) % stops.length]?.focus(); }
    else if (event.key === "ArrowUp") { event.preventDefault(); stops[(at - 1 + stops.length) % stops.length]?.focus(); }
    else if (event.key === "Tab") close();
  };
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", keys, true);
  close = () => {
    list.remove();
    anchor.removeAttribute("aria-expanded");
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", keys, true);
    close = () => {};
  };
  close.anchor = anchor;
  list.querySelector("button")?.focus();
}

function place(list, anchor) {
  const a = anchor.getBoundingClientRect();
  const m = list.getBoundingClientRect();
  const below = a.bottom + 4 + m.height <= innerHeight || a.top < m.height;
  const top = below ? a.bottom + 4 : a.top - m.height - 4;
  const left = Math.max(8, Math.min(a.right - m.width, innerWidth - m.width - 8));
  list.style.top = `${Math.max(8, top)}px`;
  list.style.left = `${left}px`;
}
