// A short question inside one pane: Block Kit's confirm dialog, and the page's own.

import { h, trapFocus } from "./dom.js";
import { t } from "./i18n.js";

/** Ask yes or no in a pane; answers true or false. */
export function ask(host, { title, body = [], yes, no, danger = false }) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const done = (value) => {
      overlay.remove();
      before?.focus?.();
      resolve(value);
    };
    const confirm = h("button", { type: "button", class: `button ${danger ? "danger" : "primary"}`, data: { testid: "confirm-yes" }, onclick: () => done(true) }, yes ?? t("yes"));
    const dialog = h("div", { class: "dialog", role: "alertdialog", "aria-modal": "true", "aria-label": title, data: { testid: "confirm" } },
      title ? h("h2", {}, title) : null,
      h("div", { class: "dialog-body" }, ...body),
      h("div", { class: "dialog-foot" },
        h("button", { type: "button", class: "button", data: { testid: "confirm-no" }, onclick: () => done(false) }, no ?? t("cancel")), confirm));
    const overlay = h("div", { class: "overlay top" }, dialog);
    overlay.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.stopPropagation(); done(false); }
    });
    trapFocus(dialog);
    host.append(overlay);
    confirm.focus();
  });
}
