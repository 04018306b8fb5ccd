// The chat page: says things, shows what was said, and keeps the conversation across reloads.
"use strict";

const $ = (id) => document.getElementById(id);
const chat = $("chat");
const log = $("log");
const scroll = $("scroll");
const text = $("text");
const MAX = text.maxLength;
const KEPT = `chatlog:${chat.dataset.chatbot}`;
const POLL_SOON_MS = 2500;
const POLL_LATER_MS = 15000;
const PERSON_STATES = ["waiting", "live"];
const STATES = {
  bot: "Answers right away",
  closed: "Answers right away",
  waiting: "Waiting for a person…",
  live: "You are talking with a person",
  handed_over: "The team will answer by e-mail",
};

let chatlogId = null;
let state = "bot";
let details = {};
let newest = 0; // The id of the newest message shown.
let sending = false;
let conversation = 0; // Counts up when a new one is begun: answers to the old one are dropped.
let pollTimer = null;

// Some browsers forbid storage; the chat works without, it only forgets on reload.
const store = {
  get() { try { return localStorage.getItem(KEPT); } catch { return null; } },
  set(value) { try { localStorage.setItem(KEPT, value); } catch { /* forgotten on reload */ } },
  clear() { try { localStorage.removeItem(KEPT); } catch { /* nothing kept */ } },
};

class Trouble extends Error {
  constructor(sentence, status) { super(sentence); this.status = status; }
}

// Without what no server could keep: NUL, and half of a character that was cut in two.
function harmless(value) {
  if (typeof value !== "string") return value;
  const text = value.replaceAll("\0", "");
  return text.toWellFormed ? text.toWellFormed() : text;
}

async function call(path, body) {
  const headers = { Accept: "application/json" };
  const options = { headers, credentials: "same-origin", cache: "no-store" };
  if (body) {
    options.method = "POST";
    options.body = JSON.stringify(body, (_, value) => harmless(value));
    headers["Content-Type"] = "application/json";
    headers["X-CSRFToken"] = document.querySelector("[name=csrfmiddlewaretoken]").value;
  } else {
    headers["X-Chatlog-Id"] = chatlogId;
  }
  let response;
  try {
    response = await fetch(chat.dataset.base + path, options);
  } catch {
    throw new Trouble("You seem to be offline. Your message is kept below; try again in a moment.", 0);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  if (answer && answer.error) throw new Trouble(answer.error, response.status);
  if (response.status === 403) throw new Trouble("This page is too old. Reload it, please.", 403);
  throw new Trouble("Something went wrong on our side. Please try again in a moment.", response.status);
}

function trouble(sentence, box = $("trouble")) {
  box.textContent = sentence || "";
  box.hidden = !sentence;
}

// ---------------------------------------------------------------- what is shown

function link(url, label) {
  const a = document.createElement("a");
  a.href = url;
  a.target = "_blank";
  a.rel = "noopener noreferrer nofollow";
  a.textContent = label;
  return a;
}

// Text with its web addresses as links; never as HTML.
function withLinks(content) {
  const p = document.createElement("p");
  p.dir = "auto";
  for (const part of content.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}])/)) {
    p.append(/^https?:\/\//.test(part) ? link(part, part) : part);
  }
  return p;
}

const ARROW = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 17 17 7M9 7h8v8"/></svg>';

function bubble(message) {
  const item = document.createElement("li");
  const before = log.lastElementChild;
  item.className = `message ${message.type}`;
  if (before && before.classList.contains(message.type)) item.classList.add("same");
  if (message.type === "agent" && !item.classList.contains("same")) {
    const by = document.createElement("span");
    by.className = "by";
    by.textContent = "A person from the team";
    item.append(by);
  }
  item.append(withLinks(message.content));
  const sources = (message.sources || []).filter((source) => /^https?:\/\//i.test(source.url));
  if (sources.length) {
    const box = document.createElement("div");
    box.className = "sources";
    for (const source of sources) {
      const a = link(source.url, source.title || source.url);
      a.insertAdjacentHTML("beforeend", ARROW);
      box.append(a);
    }
    item.append(box);
  }
  return item;
}

function show(messages) {
  let added = false;
  for (const message of messages) {
    if (message.id <= newest) continue;
    newest = message.id;
    log.append(bubble(message));
    added = true;
  }
  if (added) toEnd();
}

function toEnd() { scroll.scrollTop = scroll.scrollHeight; }

function showState() {
  const line = $("state");
  line.textContent = STATES[state] || STATES.bot;
  line.classList.toggle("waiting", state === "waiting");
  if ($("person")) $("person").hidden = PERSON_STATES.includes(state);
  if ($("suggestions")) $("suggestions").hidden = newest > 0 || sending;
}

function take(answer) {
  chatlogId = answer.chatlogId;
  store.set(chatlogId);
  state = answer.state || state;
  details = answer.details || details;
}

// ---------------------------------------------------------------- saying

// Send `body` to `path`; the message is shown at once and taken back if it did not arrive.
async function say(path, body) {
  if (sending) return false;
  sending = true;
  const mine = conversation;
  const waiting = bubble({ type: "user", content: body.text });
  waiting.classList.add("sending");
  trouble("");
  log.append(waiting);
  $("typing").hidden = PERSON_STATES.includes(state);
  showState();
  toEnd();
  try {
    const answer = await call(path, { ...body, chatlogId });
    waiting.remove();
    if (mine !== conversation) return true;
    await receive(mine, answer);
    return true;
  } catch (error) {
    waiting.remove();
    if (!(error instanceof Trouble)) throw error;
    if (mine === conversation) {
      if (error.status === 404) forget();
      trouble(error.message);
    }
    return false;
  } finally {
    sending = false;
    $("typing").hidden = true;
    showState();
    showSend();
    pollSoon();
  }
}

// Show what was said, and before it what an agent said since the last look.
async function receive(mine, answer) {
  if (PERSON_STATES.includes(state)) {
    const missed = await call(`/messages?after=${newest}`).catch(() => ({ messages: [] }));
    const first = answer.messages[0].id;
    if (mine === conversation) show(missed.messages.filter((message) => message.id < first));
  }
  if (mine !== conversation) return;
  take(answer);
  show(answer.messages);
  if (state === "handed_over" && !details.email) askForAddress(answer.messages[0].content);
}

// The team has the conversation and no address to answer to: offer the form, filled in.
function askForAddress(about) {
  if (!$("email")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Leave your e-mail address";
  button.addEventListener("click", () => {
    $("email").querySelector("textarea").value = about;
    $("open-email").click();
  });
  const box = document.createElement("div");
  box.className = "suggestions";
  box.append(button);
  log.lastElementChild.append(box);
}

async function sayText(content) {
  const kept = text.value;
  if (content === kept) { text.value = ""; grow(); showSend(); }
  if (!(await say("/messages", { text: content })) && !text.value) {
    text.value = kept || content;
    grow();
    showSend();
  }
  text.focus();
}

function grow() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 160)}px`;
}

function showSend() {
  $("send").disabled = sending || !text.value.trim();
  const left = MAX - text.value.length;
  $("count").hidden = left > 200;
  $("count").textContent = left > 200 ? "" : `${left} characters left`;
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!sending && text.value.trim()) sayText(text.value);
});
text.addEventListener("input", () => { grow(); showSend(); });
text.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a word.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});
if ($("suggestions")) {
  $("suggestions").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && !sending) sayText(button.textContent);
  });
}

// ---------------------------------------------------------------- a person

if ($("person")) {
  $("person").addEventListener("click", () => {
    if (chat.dataset.live) say("/live-chat", { text: "I'd like to talk to a person." });
    else $("open-email").click();
  });
}

function openDialog(dialog) {
  for (const input of dialog.querySelectorAll("input")) input.value = details[input.name] || "";
  trouble("", dialog.querySelector(".trouble"));
  dialog.showModal();
}

function values(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
}

// A dialog whose form is sent by `send(values)`; it closes when that worked.
function formDialog(id, opener, send) {
  const dialog = $(id);
  if (!dialog) return;
  const form = dialog.querySelector("form");
  const box = dialog.querySelector(".trouble");
  $(opener).addEventListener("click", () => openDialog(dialog));
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = [...form.elements].find((field) => field.willValidate && !field.checkValidity());
    if (wrong) {
      trouble(
        wrong.type === "email"
          ? "Please enter an e-mail address, such as name@example.com."
          : "Please say in a few words what it is about.",
        box,
      );
      wrong.focus();
      return;
    }
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      await send(values(form));
      dialog.close();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      if (error.status === 404) forget();
      trouble(error.message, box);
    } finally {
      button.disabled = false;
    }
  });
}

formDialog("details", "open-details", async (given) => {
  take(await call("/details", { ...given, chatlogId }));
});

formDialog("email", "open-email", async (given) => {
  trouble("");
  const answer = await call("/handover", { ...given, chatlogId });
  await receive(conversation, answer);
  showState();
  $("email").querySelector("textarea").value = "";
});

// ---------------------------------------------------------------- coming back, and news

function forget() {
  store.clear();
  conversation += 1;
  chatlogId = null;
  state = "bot";
  details = {};
  newest = 0;
  for (const item of [...log.children]) if (item.id !== "greeting") item.remove();
  showState();
}

$("restart").addEventListener("click", () => {
  forget();
  trouble("");
  text.focus();
});

async function poll() {
  if (!chatlogId || sending || document.hidden) return;
  const mine = conversation;
  try {
    const answer = await call(`/messages?after=${newest}`);
    if (mine !== conversation || sending) return;
    take(answer);
    show(answer.messages);
    showState();
    if (answer.messages.length >= 200) await poll();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (error.status === 404 && mine === conversation) forget();
  }
}

function pollSoon() {
  clearTimeout(pollTimer);
  const soon = PERSON_STATES.includes(state);
  pollTimer = setTimeout(async () => {
    await poll();
    pollSoon();
  }, soon ? POLL_SOON_MS : POLL_LATER_MS);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) poll().then(pollSoon);
});

chatlogId = store.get();
showState();
poll().then(pollSoon);
if (matchMedia("(hover: hover)").matches) text.focus();
