// A seat's modals: a stack, the top one shown in its pane.

import { api } from "./api.js";
import { renderBlocks, stateful } from "./blocks.js";
import { h, icon, trapFocus } from "./dom.js";
import { plain } from "./elements.js";
import { complaint } from "./fields.js";
import { locale, t } from "./i18n.js";
import { store } from "./store.js";

const kept = new Map();

function valuesOf(view) {
  if (!kept.has(view.id)) kept.set(view.id, {});
  return kept.get(view.id);
}

/** The view's state as Slack sends it: block, action, value. */
export function stateOf(view, values) {
  const state = {};
  for (const [block, el] of stateful(view.blocks)) {
    const value = values[block]?.[el.action_id];
    if (value) (state[block] ??= {})[el.action_id] = value;
  }
  return state;
}

/** The context in which a view's blocks act. */
export function viewContext(pane, view, values, extra = {}) {
  const container = { type: "view", view_id: view.id };
  return {
    world: store.world, seat: pane.seat, values,
    confirm: (object) => pane.confirm(object),
    act: (action) => pane.act({ container, action, values: stateOf(view, values) }),
    options: (query) => api.options({ user: pane.seat, container, ...query }),
    upload: (where, file) => pane.try(() => api.upload({ user: pane.seat, view_id: view.id, ...where }, file)),
    ...extra,
  };
}

/** The layer of a pane on which modals stand. */
export function modals(pane) {
  const layer = h("div", { class: "overlay", hidden: true });
  let shown = null;
  let sign = "";
  let before = null;

  function update() {
    const stack = store.seat(pane.seat).views;
    const view = stack[stack.length - 1];
    const next = view ? JSON.stringify([pane.seat, view, stack.length, locale()]) : "";
    if (next === sign) return;
    sign = next;
    if (!view) {
      layer.hidden = true;
      layer.replaceChildren();
      shown = null;
      before?.focus?.();
      before = null;
      return;
    }
    const same = shown === view.id;
    const focused = same && layer.contains(document.activeElement) ? document.activeElement.dataset : null;
    const scroll = same ? layer.querySelector(".modal-body")?.scrollTop : 0;
    if (!shown) before = document.activeElement;
    shown = view.id;
    layer.hidden = false;
    const dialog = draw(view, stack);
    layer.replaceChildren(dialog);
    dialog.querySelector(".modal-body").scrollTop = scroll ?? 0;
    const back = focused?.actionId && dialog.querySelector(`[data-action-id="${CSS.escape(focused.actionId)}"]`);
    (back || dialog.querySelector(".modal-body :is(input,textarea,select)") || dialog.querySelector(".modal-foot .primary") || dialog.querySelector("button"))?.focus();
  }

  function draw(view, stack) {
    const values = valuesOf(view);
    const errors = {};
    const body = h("div", { class: "modal-body" });
    const ctx = viewContext(pane, view, values, { errors, changed: (id) => showErrors({ [id]: "" }) });
    body.append(renderBlocks(view.blocks ?? [], ctx));

    function showErrors(map) {
      for (const [id, sentence] of Object.entries(map)) {
        const block = body.querySelector(`[data-block="${CSS.escape(id)}"]`);
        const error = block?.querySelector(".error");
        if (!error) continue;
        error.textContent = sentence;
        block.classList.toggle("wrong", Boolean(sentence));
      }
      const wrong = body.querySelector(".wrong :is(input,textarea,select)");
      if (Object.values(map).some(Boolean)) wrong?.focus();
    }

    async function submit(event) {
      event.preventDefault();
      const wrong = {};
      for (const [id, el, block] of stateful(view.blocks)) {
        if (block.type !== "input") continue;
        wrong[id] = complaint(block, values[id]?.[el.action_id]) ?? "";
      }
      showErrors(wrong);
      if (Object.values(wrong).some(Boolean)) return;
      const button = dialog.querySelector(".modal-foot .primary");
      button.setAttribute("aria-busy", "true");
      const answer = await pane.try(() => api.submit({ user: pane.seat, view_id: view.id, values: stateOf(view, values) }));
      button.removeAttribute("aria-busy");
      if (!answer) return;
      if (answer.response_action === "errors") { showErrors(answer.errors ?? {}); return; }
      pane.did("submit", { seat: pane.seat, view: view.callback_id });
      if (answer.response_action === "clear") store.closeView(pane.seat);
      else if (!answer.response_action) { kept.delete(view.id); store.closeView(pane.seat, view.id); }
    }

    const title = plain(view.title);
    const dialog = h("form", { class: "modal", role: "dialog", "aria-modal": "true", "aria-label": title, data: { testid: "modal", viewId: view.id, callbackId: view.callback_id }, onsubmit: submit, novalidate: true },
      h("header", {},
        stack.length > 1 ? h("button", { type: "button", class: "icon-button", "aria-label": t("back"), title: t("back"), onclick: () => close(view) }, icon("back")) : null,
        h("span", { class: "modal-app" }, store.world.app.name), h("h2", {}, title),
        h("button", { type: "button", class: "icon-button", "aria-label": t("close"), title: t("close"), data: { testid: "modal-x" }, onclick: () => closeAll(stack) }, icon("close"))),
      body,
      h("footer", { class: "modal-foot" },
        h("button", { type: "button", class: "button", data: { testid: "modal-close" }, onclick: () => close(view) }, plain(view.close) || t("close")),
        view.submit || (view.blocks ?? []).some((b) => b.type === "input")
          ? h("button", { type: "submit", class: "button primary", data: { testid: "modal-submit" } }, plain(view.submit) || t("submit")) : null));
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.stopPropagation(); close(view); }
    });
    trapFocus(dialog);
    return dialog;
  }

  function close(view) {
    kept.delete(view.id);
    store.closeView(pane.seat, view.id);
    pane.try(() => api.close({ user: pane.seat, view_id: view.id }));
  }

  function closeAll(stack) {
    for (const view of stack) kept.delete(view.id);
    store.closeView(pane.seat);
    pane.try(() => api.close({ user: pane.seat, view_id: stack[0].id }));
  }

  return { node: layer, update };
}
