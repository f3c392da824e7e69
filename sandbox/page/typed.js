// Between what a person types and Slack's text. The sandbox escapes, and turns "@id" into a mention.

import { unescape } from "./mrkdwn.js";

const names = (world) => world.users.map((u) => [u.real_name || u.name, u.id]).filter(([name]) => name).sort((a, b) => b[0].length - a[0].length);

/** What a person typed, with the names of people as ids, which have no spaces in them. */
export function toText(typed, world) {
  let text = typed;
  for (const [name, id] of names(world)) text = text.split(`@${name}`).map((part, i) => (i && /^[^\s.,;:!?，。；：！？、（）()]/u.test(part) ? ` ${part}` : part)).join(`@${id}`);
  return text;
}

/** Slack's text, as a person would type it. */
export function fromText(text, world) {
  const mentions = text
    .replace(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (_, id) => `@${world.name(id)}`)
    .replace(/<#[A-Z0-9]+\|([^>]*)>/g, "#$1")
    .replace(/<!subteam\^[A-Z0-9]+\|([^>]*)>/g, "$1")
    .replace(/<!(channel|here|everyone)(?:\|[^>]*)?>/g, "@$1")
    .replace(/<(https?:[^>|]+)(?:\|[^>]*)?>/g, "$1");
  return unescape(mentions);
}
