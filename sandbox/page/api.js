// What the page says to the sandbox, and hears from it. The protocol is in sandbox/README.md.

/** A call that the sandbox refused: its code, and a sentence for a person. */
export class Refusal extends Error {
  constructor(code, sentence) {
    super(sentence || code);
    this.code = code;
  }
}

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(body.error ?? `http_${response.status}`, body.message ?? "");
  return body;
}

async function request(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refusal("offline", "");
  }
  return answer(response);
}

const get = (call, query = {}) => request(`/seat/${call}?${new URLSearchParams(query)}`, { cache: "no-store" });
const post = (call, body) =>
  request(`/seat/${call}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const api = {
  world: () => get("world"),
  history: (user, channel) => get("history", { user, channel }),
  home: (user) => get("home", { user }),
  log: (since) => get("log", { since }),
  admin: (body) => post("admin", body),
  say: (body) => post("say", body),
  edit: (body) => post("edit", body),
  remove: (body) => post("delete", body),
  command: (body) => post("command", body),
  shortcut: (body) => post("shortcut", body),
  action: (body) => post("action", body),
  options: (body) => post("options", body),
  submit: (body) => post("submit", body),
  close: (body) => post("close", body),
  upload: (where, file) => request(`/seat/upload?${new URLSearchParams(where)}`, { method: "POST", body: file }),
  openHome: (user) => post("open_home", { user }),
  openIm: (user, other) => post("open_im", { user, other }),
};

/** Keep a seat's stream open, for as long as the page lives. `onopen(again)` tells a first opening from a later one. */
export function stream(user, { onpush, onopen, onclose }) {
  let tries = 0;
  let again = false;
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/seat/stream?user=${encodeURIComponent(user)}`);
    socket.onopen = () => {
      tries = 0;
      onopen?.(again);
      again = true;
    };
    socket.onmessage = (event) => onpush(JSON.parse(event.data));
    socket.onclose = () => {
      onclose?.();
      tries += 1;
      setTimeout(connect, Math.min(8000, 250 * 2 ** tries));
    };
  };
  connect();
}
