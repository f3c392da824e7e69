// Faces: a person's initial on their colour, an app's sign.

import { h, icon } from "./dom.js";

const COLOURS = ["#2f6f8f", "#8a5a2b", "#5b6b2f", "#8f3f55", "#4d5a9a", "#2f7a5c", "#7a4b86", "#6b6258"];

function colour(user) {
  if (/^#?[0-9a-f]{6}$/i.test(user?.color ?? "")) return `#${user.color.replace("#", "")}`;
  const n = [...(user?.id ?? "?")].reduce((sum, c) => sum + c.codePointAt(0), 0);
  return COLOURS[n % COLOURS.length];
}

/** Black or white, whichever reads better on a colour. */
function ink(hex) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000000" : "#ffffff";
}

/** A face for a user; an app gets a square one. */
export function face(user, { app = false, size = "" } = {}) {
  const back = colour(user);
  const name = user?.real_name || user?.name || "?";
  return h("span", { class: `face ${app ? "app" : ""} ${size}`, "aria-hidden": "true", style: { "--face": back, "--face-ink": ink(back) } },
    app ? icon("reply") : [...name][0]?.toUpperCase());
}

/** Who said a message: {name, user, app, mirrored}. */
export function author(message, world) {
  const user = world.user(message.user);
  if (message.bot_id || message.app_id || world.isApp(user)) {
    const mirrored = Boolean(message.app_id && world.app.id && message.app_id !== world.app.id);
    return { name: message.username || user?.real_name || user?.name || world.app.name, user: user ?? { id: message.bot_id, name: message.username }, app: true, mirrored };
  }
  return { name: user?.real_name || user?.name || message.username || message.user || world.app.name, user, app: !user, mirrored: false };
}
