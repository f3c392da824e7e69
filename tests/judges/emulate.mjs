// emulate's Slack, with a door for the test: who and what is there, what was called and whispered, where events go.
// Run with the package's folder and the seed as JSON; prints its address in one line.

import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, seed] = process.argv.slice(2);
const part = (name) => import(pathToFileURL(join(folder, "dist", name)).href);
const { getSlackStore, slackPlugin } = await part("dist-6ZQHD4DN.js");
const { createEmulator } = await part("api.js");

const calls = [];

async function noted(request, url) {
  const text = request.method === "POST" ? await request.text() : "";
  const isJson = (request.headers.get("Content-Type") ?? "").includes("application/json");
  const body = isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
  const byBot = !(request.headers.get("Authorization") ?? "").startsWith("Bearer xoxp-");
  const name = url.pathname.slice("/api/".length);
  return { name, byBot, body: { ...Object.fromEntries(url.searchParams), ...body } };
}

// slack_sdk asks for most things with GET and for others with POST and a query; emulate reads the body of a POST alone.
async function inBody(request) {
  const url = new URL(request.url);
  if (url.pathname.startsWith("/api/")) calls.push(await noted(request.clone(), url));
  if (!url.pathname.startsWith("/api/") || (request.method === "POST" && !url.search)) return request;
  const form = new URLSearchParams(request.method === "POST" ? await request.text() : "");
  for (const [key, value] of url.searchParams) form.set(key, value);
  const headers = new Headers(request.headers);
  headers.set("Content-Type", "application/x-www-form-urlencoded");
  headers.delete("Content-Length");
  return new Request(url.origin + url.pathname, { method: "POST", headers, body: form.toString() });
}

const register = slackPlugin.register;
slackPlugin.register = (app, store, webhooks, ...rest) => {
  const served = app.fetch;
  app.fetch = async (request) => served(await inBody(request));
  const held = () => getSlackStore(store);
  app.get("/_judge/state", (c) => {
    const { users, channels, installations, tokens, ephemeralMessages, messages, views } = held();
    const lists = { users, channels, installations, tokens, ephemeralMessages, messages, views };
    return c.json(Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.all()])));
  });
  app.post("/_judge/subscribe", async (c) => {
    const { url } = await c.req.json();
    webhooks.register({ url, events: ["*"], active: true, owner: "slack" });
    return c.json({});
  });
  app.get("/_judge/calls", (c) => c.json(calls));
  app.get("/_judge/deliveries", (c) => c.json(webhooks.getDeliveries()));
  app.post("/_judge/event", async (c) => {
    const payload = await c.req.json();
    await webhooks.dispatch(payload.event.type, undefined, payload, "slack");
    return c.json({});
  });
  register(app, store, webhooks, ...rest);
};

const emulator = await createEmulator({ service: "slack", port: 0, seed: { slack: JSON.parse(seed) } });
console.log(emulator.url.replace("localhost", "127.0.0.1"));
process.on("SIGTERM", () => process.exit(0));
