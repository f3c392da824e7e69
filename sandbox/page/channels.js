// A seat's list of places: app home, channels, direct messages.

import { h, icon } from "./dom.js";
import { pick, t } from "./i18n.js";
import { face } from "./people.js";
import { store } from "./store.js";

/** The sign in front of a channel's name. */
export function channelIcon(channel) {
  return channel.kind === "shared" ? icon("shared") : channel.kind === "im" ? icon("reply") : icon("hash");
}

function badges(room) {
  if (!room) return [];
  return [
    room.unseenWhispers ? h("span", { class: "count whispers", title: t("whisper_count", { n: room.unseenWhispers }) }, icon("eye"), String(room.unseenWhispers)) : null,
    room.unread ? h("span", { class: "count", title: t("unread_count", { n: room.unread }) }, String(room.unread)) : null,
  ];
}

function item(pane, channel) {
  const { world } = store;
  const room = store.seat(pane.seat).rooms.get(channel.id);
  const here = pane.place.view === "channel" && pane.place.channel === channel.id;
  const title = world.title(channel, pane.seat);
  const other = channel.kind === "im" ? (channel.members ?? []).find((id) => id !== pane.seat) : null;
  const user = world.user(other);
  return h("li", {}, h("button", {
    type: "button", class: `place ${here ? "here" : ""} ${room?.unread || room?.unseenWhispers ? "fresh" : ""}`, "aria-current": here ? "page" : undefined,
    title, data: { testid: `channel-${channel.id}`, channel: channel.id, with: other }, onclick: () => pane.go({ view: "channel", channel: channel.id, thread: null }),
  }, other ? face(user, { app: world.isApp(user), size: "tiny" }) : channelIcon(channel), h("span", { class: "place-name" }, title), ...badges(room)));
}

/** The list, as a nav element that update() redraws. */
export function sidebar(pane) {
  const node = h("nav", { class: "sidebar", "aria-label": t("channels") });

  function update() {
    const { world } = store;
    const mine = store.channelsOf(pane.seat);
    const seat = store.seat(pane.seat);
    const staff = world.user(pane.seat)?.kind !== "external";
    const ims = mine.filter((c) => c.kind === "im");
    const known = new Set(ims.flatMap((c) => c.members));
    const home = pane.place.view === "home";
    const hasHome = staff && world.app.home !== false;
    const appIm = staff && world.app.user_id && !known.has(world.app.user_id);
    node.replaceChildren(...[
      hasHome ? h("ul", {}, h("li", {}, h("button", {
        type: "button", class: `place ${home ? "here" : ""} ${seat.homeNews ? "fresh" : ""}`, "aria-current": home ? "page" : undefined, data: { testid: "home" },
        onclick: () => pane.go({ view: "home", thread: null }),
      }, icon("home"), h("span", { class: "place-name" }, world.app.name), seat.homeNews ? h("span", { class: "dot" }) : null))) : null,
      h("h3", {}, t("channels")),
      h("ul", {}, ...mine.filter((c) => c.kind !== "im").map((c) => item(pane, c))),
      h("h3", {}, t("dms")),
      h("ul", {}, ...ims.map((c) => item(pane, c)),
        appIm ? h("li", {}, h("button", { type: "button", class: "place", data: { testid: "app-im", with: world.app.user_id }, onclick: () => pane.openIm(world.app.user_id) },
          face({ id: world.app.user_id }, { app: true, size: "tiny" }), h("span", { class: "place-name" }, world.app.name))) : null,
        h("li", {}, h("button", { type: "button", class: "place quiet", data: { testid: "new-dm" }, onclick: () => pane.switcher() }, icon("plus"), h("span", { class: "place-name" }, t("new_dm"))))),
    ].filter(Boolean));
  }

  return { node, update };
}

/** Name, topic and who is there: the head of a conversation. */
export function channelHead(pane, channel) {
  const { world } = store;
  const names = (channel.members ?? []).map((id) => world.name(id)).join(pick({ "zh-TW": "、", en: ", " }));
  const teams = world.otherTeams(channel, pane.seat);
  const open = world.hasOutsiders(channel);
  const chip = channel.kind === "im"
    ? h("span", { class: "chip-plain" }, icon("lock"), t("private_im"))
    : open
      ? h("span", { class: "chip-plain outside", title: [t("outsiders"), ...teams].join(" · "), data: { testid: "outsiders" } }, icon("globe"), h("span", {}, teams.length ? t("shared_with", { teams: teams.join(pick({ "zh-TW": "、", en: ", " })) }) : t("outsiders")))
      : h("span", { class: "chip-plain", data: { testid: "internal" } }, icon("lock"), t("internal"));
  return h("header", { class: "conversation-head" },
    h("button", { type: "button", class: "icon-button drawer", "aria-label": t("open_channels"), title: t("open_channels"), onclick: () => pane.drawer() }, icon("menu")),
    h("div", { class: "head-words" },
      h("h2", {}, channelIcon(channel), h("span", {}, world.title(channel, pane.seat))),
      h("p", { title: pick(channel.topic) }, pick(channel.topic))),
    chip,
    channel.kind === "im" ? null : h("span", { class: "members", title: t("members_of", { names }) }, t("members", { n: (channel.members ?? []).length })));
}
