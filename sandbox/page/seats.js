// The row of seats above a pane: who sits here, and who has something waiting.

import { h, icon } from "./dom.js";
import { pick, t } from "./i18n.js";
import { face } from "./people.js";
import { store } from "./store.js";

/** A pane's seats as a tab list. */
export function seatBar(pane) {
  const node = h("div", { class: "seats", role: "tablist", "aria-label": t("seats") });

  function tab(user, i) {
    const seat = store.seat(user.id);
    const here = user.id === pane.seat;
    const [unread, whispers] = here ? [0, 0] : [seat.unread(), seat.unseenWhispers()];
    const name = user.real_name || user.name;
    const short = /^[A-Za-z]/.test(name) ? name.split(" ")[0] : name; // of a Latin name the given one: the row is narrow
    const notes = [pick(user.title), unread ? t("unread_count", { n: unread }) : "", whispers ? t("whisper_count", { n: whispers }) : "", i < 9 ? `Alt+${i + 1}` : ""].filter(Boolean);
    return h("button", {
      type: "button", role: "tab", class: `seat ${here ? "here" : ""}`, "aria-selected": String(here), tabindex: here ? "0" : "-1",
      title: `${name} · ${notes.join(" · ")}`, "aria-label": `${t("seat_of", { name })} · ${notes.join(" · ")}`,
      data: { testid: `seat-${user.id}` }, onclick: () => { pane.sit(user.id); pane.did("seat", { seat: user.id }); },
    },
    h("span", { class: "seat-face" }, face(user),
      whispers ? h("span", { class: "seat-badge whispers" }, icon("eye")) : unread ? h("span", { class: "seat-badge" }, unread > 99 ? "99+" : String(unread)) : null),
    h("span", { class: "seat-words" }, h("span", { class: "seat-name" }, here ? name : short), h("span", { class: "seat-title" }, pick(user.title),
      user.kind === "external" ? h("em", {}, t("outside")) : user.kind === "guest" ? h("em", {}, t("guest")) : null)));
  }

  function update() {
    const focused = node.contains(document.activeElement);
    node.replaceChildren(...store.world.seats().map(tab));
    const here = node.querySelector(".here");
    if (focused) here?.focus();
  }

  node.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const all = store.world.seats().map((u) => u.id);
    const at = all.indexOf(pane.seat) + (event.key === "ArrowRight" ? 1 : -1);
    event.preventDefault();
    node.children[(at + all.length) % all.length].focus();
    pane.sit(all[(at + all.length) % all.length]);
  });

  return { node, update, reveal: () => node.querySelector(".here")?.scrollIntoView({ block: "nearest", inline: "nearest" }) };
}
