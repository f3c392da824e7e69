// The text inputs of a modal, and what Slack's own client checks before it sends them.

import { h, composing } from "./dom.js";
import { emojify } from "./emoji.js";
import { t } from "./i18n.js";

const TYPES = { number_input: "text", email_text_input: "email", url_text_input: "url" };

/** A text, number, email or address input. */
export function field({ el, data, get, keep, act, label, dispatch }) {
  const multiline = el.multiline === true;
  const node = h(multiline ? "textarea" : "input", {
    data, value: get() ?? "", "aria-label": label, rows: multiline ? 4 : undefined,
    type: multiline ? undefined : TYPES[el.type] ?? "text", inputmode: el.type === "number_input" ? "decimal" : undefined,
    maxlength: el.max_length, placeholder: el.placeholder ? emojify(el.placeholder.text) : undefined,
    autocomplete: "off",
  });
  const value = () => (node.value === "" ? null : node.value);
  const triggers = el.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  node.addEventListener("input", () => {
    keep(value());
    if (dispatch && triggers.includes("on_character_entered")) act({ value: value() });
  });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !multiline && !composing(event) && dispatch && triggers.includes("on_enter_pressed")) {
      event.preventDefault();
      event.stopPropagation();
      act({ value: value() });
    }
  });
  return node;
}

/** What is wrong with an input block's value, as a sentence, or null. */
export function complaint(block, value) {
  const el = block.element;
  const now = value ? Object.entries(value).find(([key]) => key !== "type")?.[1] : null;
  const empty = now === null || now === undefined || now === "" || (Array.isArray(now) && !now.length) || (typeof now === "string" && !now.trim());
  if (empty) return block.optional ? null : t("required");
  if (el.type === "plain_text_input") {
    if (el.min_length && now.length < el.min_length) return t("too_short", { n: el.min_length });
    if (el.max_length && now.length > el.max_length) return t("too_long", { n: el.max_length });
  }
  if (el.type === "number_input") return numberComplaint(el, now);
  if (el.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(now)) return t("not_email");
  if (el.type === "url_text_input" && !URL.canParse(now)) return t("not_url");
  return null;
}

function numberComplaint(el, text) {
  if (!/^-?\d+(\.\d+)?$/.test(text.trim())) return t("not_number");
  const number = Number(text);
  if (!el.is_decimal_allowed && !Number.isInteger(number)) return t("not_whole");
  if (el.min_value !== undefined && number < Number(el.min_value)) return t("number_low", { n: el.min_value });
  if (el.max_value !== undefined && number > Number(el.max_value)) return t("number_high", { n: el.max_value });
  return null;
}
