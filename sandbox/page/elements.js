// Block Kit's interactive elements. Each one keeps its value in ctx.values as Slack's view state names it, and
// acts with Slack's action payload.

import { h, icon, iconButton } from "./dom.js";
import { emojify } from "./emoji.js";
import { field } from "./fields.js";
import { t } from "./i18n.js";
import { mrkdwn } from "./mrkdwn.js";
import { openMenu } from "./menu.js";
import { picker } from "./picker.js";

export const plain = (text) => emojify(text?.text ?? "");

/** A composition text object as nodes. */
export function textNodes(text, world) {
  if (!text) return [];
  return text.type === "mrkdwn" ? mrkdwn(text.text, world) : [h("div", { class: "text" }, emojify(text.text ?? ""))];
}

const INITIAL = {
  static_select: ["selected_option", "initial_option"],
  external_select: ["selected_option", "initial_option"],
  multi_static_select: ["selected_options", "initial_options"],
  multi_external_select: ["selected_options", "initial_options"],
  users_select: ["selected_user", "initial_user"],
  multi_users_select: ["selected_users", "initial_users"],
  conversations_select: ["selected_conversation", "initial_conversation"],
  multi_conversations_select: ["selected_conversations", "initial_conversations"],
  channels_select: ["selected_channel", "initial_channel"],
  multi_channels_select: ["selected_channels", "initial_channels"],
  datepicker: ["selected_date", "initial_date"],
  timepicker: ["selected_time", "initial_time"],
  datetimepicker: ["selected_date_time", "initial_date_time"],
  radio_buttons: ["selected_option", "initial_option"],
  checkboxes: ["selected_options", "initial_options"],
  plain_text_input: ["value", "initial_value"],
  number_input: ["value", "initial_value"],
  email_text_input: ["value", "initial_value"],
  url_text_input: ["value", "initial_value"],
  file_input: ["files", "initial_files"],
};

/** The name under which an element's value stands in the state, or undefined for a button. */
export const valueKey = (el) => INITIAL[el.type]?.[0];

/** One interactive element, in a block, as a node. `input` elements only act when the block dispatches. */
export function element(el, blockId, ctx, { input = false, dispatch = false, label = "", block = {} } = {}) {
  const data = { actionId: el.action_id, blockId };
  const slot = (ctx.values[blockId] ??= {});
  const [key, initial] = INITIAL[el.type] ?? [];
  const many = key?.endsWith("s");
  if (key) slot[el.action_id] ??= { type: el.type, [key]: el[initial] ?? (many ? [] : null) };
  const get = () => slot[el.action_id]?.[key];
  const act = async (extra) => {
    if (el.confirm && !(await ctx.confirm(el.confirm))) return;
    await ctx.act({ type: el.type, action_id: el.action_id, block_id: blockId, ...extra });
  };
  const set = (value) => {
    slot[el.action_id] = { type: el.type, [key]: value };
    ctx.changed?.(blockId);
    if (!input || dispatch) act({ [key]: value });
  };
  const keep = (value) => { slot[el.action_id] = { type: el.type, [key]: value }; ctx.changed?.(blockId); };
  const tools = { el, data, get, set, keep, act, ctx, label: label || plain(el.placeholder) || el.action_id, input, dispatch, block };
  return (MAKERS[el.type] ?? unknown)(tools);
}

function unknown({ el }) {
  return h("span", { class: "unknown" }, t("unknown_block", { type: el.type }));
}

function button({ el, data, act }) {
  const style = el.style === "primary" ? "primary" : el.style === "danger" ? "danger" : "";
  const node = h("button", { type: "button", class: `button ${style}`, data: { ...data, value: el.value }, "aria-label": el.accessibility_label }, plain(el.text));
  node.addEventListener("click", async () => {
    if (el.url) window.open(el.url, "_blank", "noopener,noreferrer");
    node.setAttribute("aria-busy", "true");
    try {
      await act({ text: el.text, value: el.value, style: el.style });
    } finally {
      node.removeAttribute("aria-busy");
    }
  });
  return node;
}

function overflow({ el, data, act }) {
  const node = h("button", { type: "button", class: "icon-button boxed", "aria-label": t("more_actions"), "aria-haspopup": "menu", data }, icon("more"));
  node.addEventListener("click", () => openMenu(node, el.options.map((option) => ({
    label: plain(option.text), hint: plain(option.description), data: { value: option.value }, onpick: () => act({ selected_option: option }),
  })), { label: t("more_actions") }));
  return node;
}

const groupsOf = (el) => el.option_groups ?? [{ options: el.options ?? [] }];

/** A select of the browser's own: best known, and best for keyboards and readers. */
function select({ el, data, get, set, label }, groups, { value, raw }) {
  const now = get();
  const make = (row) => h("option", { value: row.value, selected: now !== null && now !== undefined && value(now) === row.value }, row.label);
  const node = h("select", { data, "aria-label": label },
    h("option", { value: "", selected: now === null || now === undefined }, plain(el.placeholder) || t("choose")),
    ...groups.map(({ title, rows }) => (title ? h("optgroup", { label: title }, ...rows.map(make)) : rows.map(make))));
  const all = groups.flatMap((g) => g.rows);
  node.addEventListener("change", () => set(node.value === "" ? null : raw(all.find((row) => row.value === node.value))));
  return h("span", { class: "select" }, node, icon("down"));
}

const optionRow = (option) => ({ label: plain(option.text), hint: plain(option.description), value: option.value, raw: option });

function staticSelect(tools) {
  const groups = groupsOf(tools.el).map((g) => ({ title: plain(g.label), rows: g.options.map(optionRow) }));
  return select(tools, groups, { value: (option) => option.value, raw: (row) => row.raw });
}

function userRows(ctx) {
  return ctx.world.users.filter((u) => !u.is_bot).map((u) => ({ label: u.real_name || u.name, hint: u.title, value: u.id, raw: u.id }));
}

function channelRows(ctx, el, ims) {
  const include = el.filter?.include;
  return ctx.world.channels
    .filter((c) => (c.members ?? []).includes(ctx.seat))
    .filter((c) => (c.kind === "im" ? ims && (!include || include.includes("im")) : true))
    .filter((c) => !(el.filter?.exclude_external_shared_channels && c.kind === "shared"))
    .map((c) => ({ label: ctx.world.label(c, ctx.seat), value: c.id, raw: c.id }));
}

const idSelect = (rows) => (tools) => select(tools, [{ rows: rows(tools.ctx, tools.el) }], { value: (id) => id, raw: (row) => row.value });

function pickerFor(tools, source, { chosen, back, min }) {
  const { el, data, set, label } = tools;
  const many = el.type.startsWith("multi_");
  return picker({
    source, min, data, label, max: many ? el.max_selected_items ?? Infinity : 1, chosen, placeholder: plain(el.placeholder),
    onchange: (rows) => set(many ? rows.map(back) : rows.length ? back(rows[0]) : null),
  });
}

const has = (row, text) => `${row.label} ${row.hint ?? ""}`.toLowerCase().includes(text.toLowerCase());

const multiIds = (rows) => (tools) => {
  const all = rows(tools.ctx, tools.el);
  const chosen = (tools.get() ?? []).map((id) => all.find((row) => row.value === id) ?? { label: id, value: id });
  return pickerFor(tools, (text) => all.filter((row) => has(row, text)), { chosen, back: (row) => row.value });
};

function multiStatic(tools) {
  const all = groupsOf(tools.el).flatMap((g) => g.options.map(optionRow));
  return pickerFor(tools, (text) => all.filter((row) => has(row, text)), { chosen: (tools.get() ?? []).map(optionRow), back: (row) => row.raw });
}

function external(tools) {
  const now = tools.get();
  const source = async (text) => {
    const { options = [], option_groups: groups } = await tools.ctx.options({ action_id: tools.el.action_id, block_id: tools.data.blockId, value: text });
    return (groups ? groups.flatMap((g) => g.options) : options).map(optionRow);
  };
  return pickerFor(tools, source, { chosen: [].concat(now ?? []).map(optionRow), back: (row) => row.raw, min: tools.el.min_query_length ?? 3 });
}

function when(type) {
  return ({ el, data, get, set, label }) => {
    const now = get();
    const value = now && type === "datetime-local" ? localStamp(now) : now ?? "";
    const node = h("input", { type, class: "when", data, value, "aria-label": label });
    node.addEventListener("change", () => {
      const text = node.value || null;
      set(text && el.type === "datetimepicker" ? Math.floor(new Date(text).getTime() / 1000) : text);
    });
    return node;
  };
}

function localStamp(seconds) {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

let group = 0;

function choices(type) {
  return ({ el, data, get, set, label, ctx }) => {
    group += 1;
    const name = `choice-${group}`;
    const on = new Set([].concat(get() ?? []).map((option) => option.value));
    const box = h("div", { class: "choices", role: type === "radio" ? "radiogroup" : "group", "aria-label": label });
    for (const option of el.options) {
      const tick = h("input", { type, name, value: option.value, checked: on.has(option.value), data });
      tick.addEventListener("change", () => {
        if (type === "radio") { set(option); return; }
        if (tick.checked) on.add(option.value); else on.delete(option.value);
        set(el.options.filter((o) => on.has(o.value)));
      });
      box.append(h("label", { class: "choice" }, tick, h("span", {}, ...textNodes(option.text, ctx.world),
        option.description ? h("small", {}, ...textNodes(option.description, ctx.world)) : null)));
    }
    return box;
  };
}

/** Files for a window: each is uploaded as soon as it is chosen, as Slack does, and can be taken out again. */
function fileInput({ el, data, get, keep, ctx, label }) {
  const most = el.max_files ?? 10;
  const list = h("ul", { class: "files" });
  const node = h("input", {
    type: "file", multiple: most > 1, data, "aria-label": label, accept: el.filetypes?.map((type) => `.${type}`).join(","),
  });
  const draw = () => list.replaceChildren(...(get() ?? []).map((file) => h("li", {}, h("span", {}, file.name),
    iconButton("close", t("take_out", { name: file.name }), () => { keep(get().filter((one) => one.id !== file.id)); draw(); }))));
  node.addEventListener("change", async () => {
    for (const file of [...node.files].slice(0, most - (get() ?? []).length)) {
      const answer = await ctx.upload({ block_id: data.blockId, action_id: el.action_id, name: file.name }, file);
      if (answer?.file) keep([...(get() ?? []), answer.file]);
    }
    node.value = "";
    draw();
  });
  draw();
  return h("div", { class: "file-input" }, node, list);
}

const MAKERS = {
  button, workflow_button: button, overflow,
  static_select: staticSelect,
  users_select: idSelect(userRows),
  conversations_select: idSelect((ctx, el) => channelRows(ctx, el, true)),
  channels_select: idSelect((ctx, el) => channelRows(ctx, el, false)),
  multi_static_select: multiStatic,
  multi_users_select: multiIds(userRows),
  multi_conversations_select: multiIds((ctx, el) => channelRows(ctx, el, true)),
  multi_channels_select: multiIds((ctx, el) => channelRows(ctx, el, false)),
  external_select: external, multi_external_select: external,
  datepicker: when("date"), timepicker: when("time"), datetimepicker: when("datetime-local"),
  radio_buttons: choices("radio"), checkboxes: choices("checkbox"),
  file_input: fileInput,
  plain_text_input: field, number_input: field, email_text_input: field, url_text_input: field,
};
