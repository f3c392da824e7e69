// The App Home of a seat.

import { api } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { h, icon } from "./dom.js";
import { locale, t } from "./i18n.js";
import { viewContext } from "./modal.js";
import { face } from "./people.js";
import { store } from "./store.js";

const kept = new Map();

/** The home view of the pane's seat; opening it tells the app, as Slack does. */
export function homeView(pane) {
  const { world } = store;
  const { seat } = pane;
  const body = h("div", { class: "home-body" });
  let sign = "";
  const node = h("main", { class: "conversation home", data: { testid: "app-home" } },
    h("header", { class: "conversation-head" },
      h("button", { type: "button", class: "icon-button drawer", "aria-label": t("open_channels"), title: t("open_channels"), onclick: () => pane.drawer() }, icon("menu")),
      face({ id: world.app.user_id }, { app: true }),
      h("div", { class: "head-words" }, h("h2", {}, h("span", {}, world.app.name)), h("p", {}, t("app_home")))),
    body);
  pane.try(() => api.openHome(seat));
  pane.try(() => store.loadHome(seat));

  function update() {
    const view = store.seat(seat).home;
    const next = JSON.stringify([view, locale()]);
    if (next === sign) return;
    sign = next;
    if (!view?.blocks?.length) {
      body.replaceChildren(h("p", { class: "empty" }, t("empty_home", { app: world.app.name })));
      return;
    }
    if (!kept.has(view.id)) kept.set(view.id, {});
    const scroll = body.scrollTop;
    body.replaceChildren(renderBlocks(view.blocks, viewContext(pane, view, kept.get(view.id))));
    body.scrollTop = scroll;
  }

  return { node, update };
}
