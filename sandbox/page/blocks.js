// Block Kit's layout blocks as DOM nodes.

import { h } from "./dom.js";
import { element, plain, textNodes, valueKey } from "./elements.js";
import { t } from "./i18n.js";
import { inline } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/**
 * Draw blocks. ctx: {world, seat, values, act(action), options(query), confirm(object), changed?(blockId), errors?}.
 */
export function renderBlocks(blocks, ctx) {
  return h("div", { class: "blocks" }, ...blocks.map((block, i) => one(block, block.block_id ?? `b${i}`, ctx)));
}

/** The elements of blocks that keep a value, as [blockId, element, block]. */
export function* stateful(blocks) {
  for (const [i, block] of (blocks ?? []).entries()) {
    const id = block.block_id ?? `b${i}`;
    const parts = block.type === "input" ? [block.element] : block.type === "actions" ? block.elements : block.accessory ? [block.accessory] : [];
    for (const el of parts) if (valueKey(el)) yield [id, el, block];
  }
}

function one(block, id, ctx) {
  const maker = BLOCKS[block.type];
  const node = maker ? maker(block, id, ctx) : h("p", { class: "unknown" }, t("unknown_block", { type: block.type }));
  node.classList.add("block", `block-${block.type}`);
  node.dataset.block = id;
  return node;
}

const imageBox = (block) => h("div", { class: "image", role: "img", "aria-label": block.alt_text }, t("image", { alt: plain(block.title) || block.alt_text }));

function section(block, id, ctx) {
  const main = h("div", { class: "section-main" }, ...textNodes(block.text, ctx.world));
  if (block.fields?.length) main.append(h("div", { class: "fields" }, ...block.fields.map((f) => h("div", { class: "field" }, ...textNodes(f, ctx.world)))));
  const side = block.accessory && (block.accessory.type === "image" ? imageBox(block.accessory) : element(block.accessory, id, ctx));
  return h("div", {}, main, side ? h("div", { class: "accessory" }, side) : null);
}

function context(block, _id, ctx) {
  return h("div", {}, ...(block.elements ?? []).map((el) => {
    if (el.type === "image") return h("span", { class: "tiny-image", role: "img", "aria-label": el.alt_text, title: el.alt_text }, "▣");
    return h("span", {}, ...textNodes(el, ctx.world));
  }));
}

function input(block, id, ctx) {
  const label = plain(block.label);
  const el = element(block.element, id, ctx, { input: true, dispatch: block.dispatch_action === true, label, block });
  const error = h("p", { class: "error", role: "alert", data: { testid: "block-error" } }, ctx.errors?.[id] ?? "");
  return h("div", {},
    h("div", { class: "label" }, label, block.optional ? h("span", { class: "optional" }, t("optional")) : null),
    el, block.hint ? h("p", { class: "hint" }, plain(block.hint)) : null, error);
}

function table(block, _id, ctx) {
  const cell = (c) => (c.type === "rich_text" ? [richText(c, ctx.world)] : inline(String(c.text ?? c.value ?? ""), ctx.world));
  const rows = (block.rows ?? []).map((row, i) => h("tr", {}, ...row.map((c, n) => h(i ? "td" : "th", { class: `align-${block.column_settings?.[n]?.align ?? "left"}` }, ...cell(c)))));
  return h("div", {}, h("table", {}, h("thead", {}, rows[0] ?? null), h("tbody", {}, ...rows.slice(1))));
}

/** A list of figures is drawn as plain bars: enough to read them. */
function chart(block) {
  const data = block.chart?.data ?? block.data ?? block.chart ?? {};
  const series = data.series ?? block.series ?? [];
  const points = (series[0]?.data ?? data.segments ?? []).map((p, i) => ({ label: p.label ?? p.x ?? data.categories?.[i] ?? "", value: Number(p.value ?? p.y ?? p) }));
  const title = block.title?.text ?? block.title ?? "";
  if (!points.length) return h("p", { class: "unknown" }, t("unknown_block", { type: block.type }), title ? ` ${title}` : "");
  const most = Math.max(...points.map((p) => p.value), 1);
  return h("figure", {}, title ? h("figcaption", {}, title) : null, ...points.map((p) => h("div", { class: "bar" },
    h("span", {}, p.label), h("i", { style: { "--part": `${Math.round((100 * p.value) / most)}%` } }), h("b", {}, String(p.value)))));
}

const BLOCKS = {
  header: (block) => h("h3", {}, plain(block.text)),
  section,
  context,
  divider: () => h("hr"),
  actions: (block, id, ctx) => h("div", { role: "group" }, ...(block.elements ?? []).map((el) => element(el, id, ctx))),
  input,
  rich_text: (block, _id, ctx) => h("div", {}, richText(block, ctx.world)),
  image: (block) => h("div", {}, imageBox(block)),
  markdown: (block, _id, ctx) => h("div", {}, ...textNodes({ type: "mrkdwn", text: (block.text ?? "").replace(/\*\*(.+?)\*\*/g, "*$1*").replace(/^#+ (.*)$/gm, "*$1*") }, ctx.world)),
  table,
  data_visualization: chart,
};
