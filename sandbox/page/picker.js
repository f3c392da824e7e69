// A box to search and choose one or several things in: multi selects, and external selects that ask the app.

import { h, icon, composing } from "./dom.js";
import { t } from "./i18n.js";

const PAUSE = 200;
let serial = 0;

/**
 * Make a picker. `source(text)` answers (or promises) [{label, value, hint?, raw}]; `chosen` is what is chosen at first;
 * `onchange(chosen)` hears of every change. At most `max` may be chosen; `max` 1 replaces.
 */
export function picker({ source, chosen = [], max = Infinity, min = 0, placeholder, label, data, onchange }) {
  let picked = [...chosen];
  let found = [];
  let at = 0;
  let asked = 0;
  let timer;
  serial += 1;
  const listId = `picker-${serial}`;
  const single = max === 1;
  const chips = h("span", { class: "chips" });
  const input = h("input", {
    type: "text", role: "combobox", autocomplete: "off", "aria-expanded": "false", "aria-controls": listId, "aria-label": label,
    placeholder: placeholder || t("search_options"), data,
  });
  const list = h("ul", { class: "options", role: "listbox", id: listId, hidden: true });
  const box = h("div", { class: `picker ${single ? "single" : ""}` }, chips, input, list);

  function drawChips() {
    chips.replaceChildren(...picked.map((one) => h("span", { class: "chip", data: { value: one.value } }, one.label,
      h("button", { type: "button", "aria-label": t("remove_item", { name: one.label }), onclick: () => drop(one) }, icon("close")))));
    input.hidden = single && picked.length > 0;
  }

  function drop(one) {
    picked = picked.filter((p) => p.value !== one.value);
    drawChips();
    onchange(picked);
    input.focus();
  }

  function choose(one) {
    if (single) picked = [one];
    else if (picked.length < max && !picked.some((p) => p.value === one.value)) picked = [...picked, one];
    input.value = "";
    hide();
    drawChips();
    onchange(picked);
  }

  function drawList(note) {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    list.replaceChildren(...found.map((one, i) => h("li", {
      role: "option", id: `${listId}-${i}`, "aria-selected": String(i === at), data: { value: one.value },
      onpointerdown: (event) => { event.preventDefault(); choose(one); },
    }, h("span", {}, one.label), one.hint ? h("small", {}, one.hint) : null)));
    if (!found.length) list.append(h("li", { class: "note", role: "presentation" }, note));
    if (found.length) input.setAttribute("aria-activedescendant", `${listId}-${at}`);
    list.scrollIntoView({ block: "nearest" });
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function hide() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  async function look() {
    const text = input.value.trim();
    if (text.length < min) { hide(); return; }
    asked += 1;
    const mine = asked;
    const answer = source(text);
    if (answer instanceof Promise) { found = []; drawList(t("searching")); }
    let rows;
    try {
      rows = await answer;
    } catch (error) {
      if (mine === asked) { found = []; drawList(error.message); }
      return;
    }
    if (mine !== asked || document.activeElement !== input) return;
    found = rows.filter((row) => !picked.some((p) => p.value === row.value));
    at = 0;
    drawList(t("nothing_found"));
  }

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, PAUSE); });
  input.addEventListener("focus", look);
  input.addEventListener("blur", hide);
  input.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) { look(); return; }
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % (found.length || 1);
      drawList(t("nothing_found"));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!list.hidden && found[at]) choose(found[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      hide();
    } else if (event.key === "Backspace" && !input.value && picked.length) drop(picked[picked.length - 1]);
  });
  drawChips();
  return box;
}
