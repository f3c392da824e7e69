// Small helpers to make DOM nodes. Text always goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: h("button", {class: "x", onclick: f, data: {actionId: "y"}}, "text", node, …). */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) el.addEventListener(key.slice(2), value);
    else if (key === "class") el.className = value;
    else if (key === "data") for (const [k, v] of Object.entries(value)) { if (v !== undefined && v !== null) el.dataset[k] = v; }
    else if (key === "style") for (const [k, v] of Object.entries(value)) el.style.setProperty(k, v);
    else if (key === "value" || key === "checked" || key === "selected" || key === "disabled") el[key] = value;
    else el.setAttribute(key, value === true ? "" : String(value));
  }
  el.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return el;
}

const ICONS = {
  hash: "M5 9h14M5 15h14M10 4 8 20M16 4l-2 16",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z",
  shared: "M10 14l4-4M8.5 11.5 6 14a3.5 3.5 0 0 0 5 5l2.5-2.5M15.5 12.5 18 10a3.5 3.5 0 0 0-5-5l-2.500 2.500",
  send: "M4 12 20 4l-5 16-3.500-6.500z",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  reply: "M4 5h16v11h-9l-4 4v-4H4z",
  close: "M6 6l12 12M18 6 6 18",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 14.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  home: "M4 11 12 4l8 7M6 10v10h12V10",
  menu: "M4 6h16M4 12h16M4 18h16",
  plus: "M12 5v14M5 12h14",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M4.900 4.900l1.400 1.400M17.700 17.700l1.400 1.400M2 12h2M20 12h2M4.900 19.100l1.400-1.400M17.700 6.300l1.400-1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z",
  columns: "M4 5h16v14H4zM12 5v14",
  list: "M4 6h16M4 12h10M4 18h13",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 12.500 10 17l9-10",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  back: "M14 6l-6 6 6 6",
  down: "M6 9l6 6 6-6",
  flag: "M6 21V4h11l-2 4 2 4H6",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3.500 6 3.500 9s-.5 6-3.500 9c-3-3-3.500-6-3.500-9s.5-6 3.500-9z",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  warn: "M12 4 2.500 20h19zM12 10v4M12 17h.01",
};

/** An inline icon that takes the colour of its text and is hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] ?? ICONS.more);
  svg.append(path);
  return svg;
}

/** A button that shows an icon and says its label to screen readers and on hover. */
export function iconButton(name, label, onclick, props = {}) {
  return h("button", { type: "button", class: `icon-button ${props.class ?? ""}`.trim(), "aria-label": label, title: label, onclick, ...omit(props, "class") }, icon(name));
}

function omit(object, key) {
  const { [key]: _, ...rest } = object;
  return rest;
}

/** Bring a container's children in line with items, keeping the nodes that did not change. */
export function syncList(container, items, { key, sign, make }) {
  const old = new Map([...container.children].map((el) => [el.dataset.key, el]));
  let cursor = container.firstElementChild;
  for (const item of items) {
    const k = key(item);
    const s = sign(item);
    let el = old.get(k);
    old.delete(k);
    if (!el || el._sign !== s) {
      const fresh = make(item);
      fresh.dataset.key = k;
      fresh._sign = s;
      if (el) {
        if (cursor === el) cursor = fresh;
        el.replaceWith(fresh);
      } else container.insertBefore(fresh, cursor);
      el = fresh;
    }
    if (cursor === el) cursor = el.nextElementSibling;
    else if (el.nextElementSibling !== cursor) container.insertBefore(el, cursor);
  }
  for (const el of old.values()) el.remove();
}

/** Keep Tab inside an element, as a dialog must. */
export function trapFocus(container) {
  container.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const stops = [...container.querySelectorAll("a[href],button,input,select,textarea,[tabindex='0']")].filter((el) => !el.disabled && el.offsetParent !== null);
    if (!stops.length) return;
    const [first, last] = [stops[0], stops[stops.length - 1]];
    if (event.shiftKey && document.activeElement === first) { event.preventDefault(); last.focus(); }
    else if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); first.focus(); }
  });
}

/** True while an input method is composing: Enter then picks a character and must not send. */
export function composing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** Put text on the clipboard; answers whether it worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "offscreen", value: text });
    document.body.append(area);
    area.select();
    const ok = document.execCommand("copy");
    area.remove();
    return ok;
  }
}
