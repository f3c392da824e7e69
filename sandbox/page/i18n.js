// Every word of the page's own, in Taiwan's Chinese and in English.

import { en } from "./words-en.js";
import { zh } from "./words-zh-tw.js";

const WORDS = { "zh-TW": zh, en };
const KEY = "sandbox.lang";
const listeners = new Set();

let current = stored() ?? ((navigator.language || "").toLowerCase().startsWith("zh") ? "zh-TW" : "en");

function stored() {
  const lang = localStorage.getItem(KEY);
  return lang in WORDS ? lang : null;
}

export const locale = () => current;

/** The page's words for a key; {name} in them is filled from values; `n` 1 has words of its own where they differ. */
export function t(key, values = {}) {
  const words = (values.n === 1 && WORDS[current][`${key}_1`]) || (WORDS[current][key] ?? WORDS.en[key] ?? key);
  return words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Whether the page has words of its own for a key, in the current language. */
export const knows = (key) => key in WORDS[current];

/** Words of the world: a plain text, or one per language. */
export function pick(words) {
  if (!words || typeof words === "string") return words ?? "";
  const base = current.split("-")[0];
  return words[current] ?? words[current.replace("-", "_")] ?? words[base] ?? words.en ?? Object.values(words)[0] ?? "";
}

/** Whether whoever uses this browser has chosen a language here. */
export const hasChosen = () => stored() !== null;

/** The language that the sandbox was started with, for who has not chosen one. */
export async function suggestedLanguage() {
  if (stored()) return;
  const answer = await fetch("/", { method: "HEAD" }).catch(() => null);
  const lang = answer?.headers.get("Content-Language") ?? "";
  const base = lang.split("-")[0];
  current = Object.keys(WORDS).find((each) => each === lang || each.split("-")[0] === base) ?? current;
  announce();
}

export function setLanguage(lang) {
  current = lang;
  localStorage.setItem(KEY, lang);
  announce();
}

export function onLanguage(listener) {
  listeners.add(listener);
}

function announce() {
  document.documentElement.lang = current === "zh-TW" ? "zh-Hant-TW" : current;
  for (const listener of listeners) listener();
}

document.documentElement.lang = current === "zh-TW" ? "zh-Hant-TW" : current;

/** English dates as Britain writes them. */
const format = (options) => new Intl.DateTimeFormat(current === "en" ? "en-GB" : current, options);

/** 14:05, from Slack's ts or a Date. */
export function clock(when, seconds = false) {
  return format({ hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hourCycle: "h23" }).format(moment(when));
}

/** A full date and time, for a title. */
export function fullTime(when) {
  return format({ dateStyle: "full", timeStyle: "medium" }).format(moment(when));
}

/** Today, yesterday, or the date. */
export function dayName(when) {
  const date = moment(when);
  const days = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
  if (days === 0 || days === 1) {
    const words = new Intl.RelativeTimeFormat(current, { numeric: "auto" }).format(-days, "day");
    return words.charAt(0).toUpperCase() + words.slice(1);
  }
  return format({ dateStyle: "full" }).format(date);
}

/** The same for all moments of one day. */
export function dayKey(when) {
  const date = moment(when);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function moment(when) {
  return when instanceof Date ? when : new Date(Number(when) * 1000);
}
