// Slack's mrkdwn to DOM nodes. As in Slack, a mark counts only beside a space or ASCII punctuation, so
// 「您好*粗體*」 stays as it is written: the page must not show formatting that Slack would not.

import { h, icon, copyText } from "./dom.js";
import { emojify } from "./emoji.js";
import { locale, t } from "./i18n.js";

const MARKS = { "*": "strong", _: "em", "~": "s" };
const EDGE = /[\s\u200b!-/:-@[-`{-~]/;

/** Undo the three escapes that Slack's text carries. */
export function unescape(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/** Make text that a person typed safe for Slack's text. */
export function escape(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** Only addresses that a person may safely click on. */
export function safeLink(url, label) {
  if (!/^(https?:|mailto:|tel:)/i.test(url)) return document.createTextNode(label);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

/** A box for words to copy in one click: a quote or a code block. */
export function copyable(tag, nodes, text) {
  const button = h("button", { type: "button", class: "copy", title: t("copy"), "aria-label": t("copy"), data: { testid: "copy" } }, icon("copy"), h("span", {}, t("copy")));
  button.addEventListener("click", async (event) => {
    event.stopPropagation();
    const ok = await copyText(text);
    button.classList.toggle("done", ok);
    button.lastChild.textContent = ok ? t("copied") : t("copy_failed");
    setTimeout(() => {
      button.classList.remove("done");
      button.lastChild.textContent = t("copy");
    }, 1800);
  });
  return h("div", { class: `copyable ${tag === "pre" ? "is-code" : "is-quote"}` }, h(tag, {}, ...nodes), button);
}

/** Slack's `<!date^…>`: the moment in the reader's own words. */
export function formatDate(seconds, format, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  const as = (options) => new Intl.DateTimeFormat(locale(), options).format(date);
  const forms = {
    date_num: () => new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" }).format(date),
    date: () => as({ year: "numeric", month: "long", day: "numeric" }),
    date_short: () => as({ year: "numeric", month: "short", day: "numeric" }),
    date_long: () => as({ weekday: "long", year: "numeric", month: "long", day: "numeric" }),
    time: () => as({ hour: "2-digit", minute: "2-digit" }),
    time_secs: () => as({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => forms[name.replace(/_pretty$/, "")]?.() ?? whole);
}

/** A mention of a person, channel or group, as a chip. */
export function mention(kind, id, label, world) {
  if (kind === "user") {
    const user = world?.user(id);
    return h("span", { class: "mention", data: { user: id } }, `@${user?.real_name || user?.name || label || id}`);
  }
  if (kind === "channel") return h("span", { class: "mention" }, `#${world?.channel(id)?.name || label || id}`);
  return h("span", { class: "mention broad" }, `@${label || id}`);
}

function angle(body, world) {
  const [target, label = ""] = body.split(/\|(.*)/s);
  if (target.startsWith("@")) return mention("user", target.slice(1), label, world);
  if (target.startsWith("#")) return mention("channel", target.slice(1), label, world);
  if (target.startsWith("!date^")) {
    const [, seconds, format = ""] = target.split("^");
    return h("time", {}, formatDate(seconds, format, unescape(label)));
  }
  if (target.startsWith("!subteam^")) return mention("group", target.slice(9), label.replace(/^@/, ""), world);
  if (target.startsWith("!")) return mention("group", target.slice(1), label, world);
  return safeLink(unescape(target), unescape(label || target.replace(/^mailto:/, "")));
}

/** One line's worth of marks, mentions, links and code. */
export function inline(text, world) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(emojify(unescape(plain))));
    plain = "";
  };
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (c === "<") {
      const end = text.indexOf(">", i);
      if (end > i + 1) {
        flush();
        nodes.push(angle(text.slice(i + 1, end), world));
        i = end;
        continue;
      }
    }
    const opens = i === 0 || EDGE.test(text[i - 1]);
    if ((c === "`" || c in MARKS) && opens) {
      const end = closing(text, i);
      if (end > 0) {
        flush();
        const inner = text.slice(i + 1, end);
        nodes.push(c === "`" ? h("code", {}, unescape(inner)) : h(MARKS[c], {}, ...inline(inner, world)));
        i = end;
        continue;
      }
    }
    plain += c;
  }
  flush();
  return nodes;
}

function closing(text, start) {
  const mark = text[start];
  if (/\s/.test(text[start + 1] ?? " ") || text[start + 1] === mark) return -1;
  for (let i = start + 2; i < text.length; i += 1) {
    if (text[i] === "\n") return -1;
    if (text[i] === "<") {
      const end = text.indexOf(">", i);
      if (end > i) { i = end; continue; }
    }
    const after = text[i + 1];
    if (text[i] === mark && !/\s/.test(text[i - 1]) && (after === undefined || EDGE.test(after))) return i;
  }
  return -1;
}

function lines(text, world) {
  const out = [];
  let quote = [];
  let plain = [];
  const flushQuote = () => {
    if (!quote.length) return;
    out.push(copyable("blockquote", withBreaks(quote, world), plainText(quote.join("\n"), world)));
    quote = [];
  };
  const flushPlain = () => {
    while (plain.length && out.length && !plain[0].trim()) plain.shift();
    while (plain.length && !plain[plain.length - 1].trim()) plain.pop();
    if (plain.length) out.push(h("div", { class: "text" }, ...withBreaks(plain, world)));
    plain = [];
  };
  for (const line of text.split("\n")) {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (quoted) {
      flushPlain();
      quote.push(quoted[1]);
    } else {
      flushQuote();
      plain.push(line);
    }
  }
  flushQuote();
  flushPlain();
  return out;
}

function withBreaks(rows, world) {
  return rows.flatMap((row, i) => (i ? [h("br"), ...inline(row, world)] : inline(row, world)));
}

/** A whole mrkdwn text: code blocks, quotes, lines. */
export function mrkdwn(text, world) {
  const out = [];
  String(text ?? "").split(/```/).forEach((part, i, all) => {
    if (i % 2 && i < all.length - 1) {
      const code = unescape(part.replace(/^\n|\n$/g, ""));
      out.push(copyable("pre", [h("code", {}, code)], code));
    } else if (part.trim()) out.push(...lines(i % 2 ? `\`\`\`${part}` : part.replace(i ? /^\n/ : /^$/, "").trimEnd(), world));
  });
  return out;
}

/** The text as a person would read it aloud: no marks, names instead of ids. */
export function plainText(text, world) {
  const box = h("div", {}, ...String(text ?? "").split("\n").flatMap((row, i) => (i ? ["\n", ...inline(row, world)] : inline(row, world))));
  return box.textContent;
}
