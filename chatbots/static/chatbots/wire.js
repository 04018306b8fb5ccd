// The page's calls to its chatbot, and what goes wrong with them, in words for a visitor.

export class Trouble extends Error {
  constructor(sentence, status, field = "") {
    super(sentence);
    this.status = status;
    this.field = field;
  }
}

// Without what no server could keep: NUL, and half of a character that was cut in two.
function harmless(value) {
  if (typeof value !== "string") return value;
  const text = value.replaceAll("\0", "");
  return text.toWellFormed ? text.toWellFormed() : text;
}

// An id for one message, so that a request that is made twice does its work once; also a token that
// nobody can guess.
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// POST `body` to `base` + `path`; without a body, GET it for the conversation `chatlogId`. It is the
// one of whoever has `visitor`, the token that it was begun with.
export async function call(base, path, body, chatlogId, visitor) {
  const headers = { Accept: "application/json", "X-Visitor-Token": visitor };
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  // The embedded page has no token and sends no cookies: its own origin speaks for it.
  const options = { headers, credentials: token ? "same-origin" : "omit", cache: "no-store" };
  if (body) {
    options.method = "POST";
    options.body = JSON.stringify(body, (_, value) => harmless(value));
    headers["Content-Type"] = "application/json";
    if (token) headers["X-CSRFToken"] = token.value;
  } else {
    headers["X-Chatlog-Id"] = chatlogId;
  }
  let response;
  try {
    response = await fetch(base + path, options);
  } catch {
    throw new Trouble("You seem to be offline. Your message is kept below; try again in a moment.", 0);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  if (answer && answer.error) throw new Trouble(answer.error, response.status, answer.field);
  if (response.status === 403) throw new Trouble("This page is too old. Reload it, please.", 403);
  throw new Trouble("Something went wrong on our side. Please try again in a moment.", response.status);
}

// Where a browser gives a frame no storage, embed.js has the page around it keep the conversation.
let elsewhere = { get: () => null, set() { /* forgotten on reload */ } };
export function keepElsewhere(place) { elsewhere = place; }

// A place in the browser's storage. Some browsers forbid it; the chat then forgets on reload.
export function kept(name) {
  return {
    get() { try { return localStorage.getItem(name); } catch { return elsewhere.get(); } },
    set(value) { try { localStorage.setItem(name, value); } catch { elsewhere.set(value); } },
    clear() { try { localStorage.removeItem(name); } catch { elsewhere.set(null); } },
  };
}
