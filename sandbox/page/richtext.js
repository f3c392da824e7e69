// Slack's rich_text block.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { copyable, formatDate, mention, safeLink } from "./mrkdwn.js";

function styled(node, style = {}) {
  const wrap = [["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"], ["code", "code"]];
  return wrap.reduce((inner, [key, tag]) => (style[key] ? h(tag, {}, inner) : inner), node);
}

function leaf(el, world) {
  switch (el.type) {
    case "text": return styled(document.createTextNode(el.text), el.style);
    case "link": return styled(safeLink(el.url, el.text || el.url), el.style);
    case "emoji": return document.createTextNode(el.unicode ? fromHex(el.unicode) : emoji(el.name));
    case "user": return mention("user", el.user_id, "", world);
    case "channel": return mention("channel", el.channel_id, "", world);
    case "usergroup": return mention("group", el.usergroup_id, world.usergroups?.find?.((g) => g.id === el.usergroup_id)?.handle, world);
    case "broadcast": return mention("group", el.range, "", world);
    case "date": return document.createTextNode(formatDate(el.timestamp, el.format ?? "{date}", el.fallback ?? ""));
    default: return document.createTextNode(el.text ?? "");
  }
}

const fromHex = (hex) => String.fromCodePoint(...hex.split("-").map((part) => parseInt(part, 16)));
const leaves = (part, world) => (part.elements ?? []).map((el) => leaf(el, world));
const words = (nodes) => h("div", {}, ...nodes.map((n) => n.cloneNode(true))).textContent;

function part(el, world) {
  if (el.type === "rich_text_list") {
    const list = h(el.style === "ordered" ? "ol" : "ul", { start: el.offset ? el.offset + 1 : undefined, class: `indent-${el.indent ?? 0}` });
    list.append(...el.elements.map((item) => h("li", {}, ...leaves(item, world))));
    return list;
  }
  const nodes = leaves(el, world);
  if (el.type === "rich_text_quote") return copyable("blockquote", [h("div", { class: "text" }, ...nodes)], words(nodes));
  if (el.type === "rich_text_preformatted") return copyable("pre", [h("code", {}, ...nodes)], words(nodes));
  return h("div", { class: "text" }, ...nodes);
}

export function richText(block, world) {
  return h("div", { class: "rich" }, ...(block.elements ?? []).map((el) => part(el, world)));
}
