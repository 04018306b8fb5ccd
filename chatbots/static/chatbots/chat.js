// A chat page: says things, shows what was said, and keeps the conversation across reloads.

import { bubble } from "./bubbles.js";
import { formDialog, trouble } from "./dialogs.js";
import { Trouble, call, kept, newId } from "./wire.js";

const $ = (id) => document.getElementById(id);
const chat = $("chat");
const log = $("log");
const scroll = $("scroll");
const text = $("text");
const MAX = text.maxLength;
const POLL_SOON_MS = 2500;
const POLL_LATER_MS = 15000;
const PERSON_STATES = ["waiting", "live"];
const store = kept(`chatlog:${chat.dataset.kept}`);
const profileStore = kept("whatsapp:profile");
const AT_REST = $("state").textContent;
const STATES = {
  waiting: "Waiting for a person…",
  live: "You are talking with a person",
  handed_over: "The team will answer by e-mail",
};

let chatlogId = null;
let visitor = newId(); // The conversation's token: whoever has it may read and go on with it.
let state = "bot";
let details = {};
let profile = null; // On WhatsApp: the phone number and the profile name.
let newest = 0; // The id of the newest message shown.
let sending = false;
let conversation = 0; // Counts up when a new one is begun: answers to the old one are dropped.
let pollTimer = null;

// ---------------------------------------------------------------- what is shown

// Show what is new; whether there was any.
function show(messages) {
  let added = false;
  for (const message of messages) {
    if (message.id <= newest) continue;
    newest = message.id;
    log.append(bubble(message, log));
    added = true;
  }
  return added;
}

// Who reads further up stays there; everybody else sees what comes, whatever the keyboard covers.
let follows = true;
let top = 0;

function toEnd() {
  follows = true;
  $("newer").hidden = true;
  scroll.scrollTop = scroll.scrollHeight;
}

scroll.addEventListener("scroll", () => {
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  // On the way down to the end, which is smooth, nobody has turned back.
  if (atEnd || scroll.scrollTop < top - 1) follows = atEnd;
  if (atEnd) $("newer").hidden = true;
  top = scroll.scrollTop;
});
new ResizeObserver(() => { if (follows) toEnd(); }).observe(scroll);
$("newer").addEventListener("click", () => { toEnd(); text.focus(); });

function showState() {
  const line = $("state");
  line.textContent = (!$("typing").hidden && chat.dataset.typing) || STATES[state] || AT_REST;
  line.classList.toggle("waiting", state === "waiting");
  if ($("person")) $("person").hidden = PERSON_STATES.includes(state);
  if ($("suggestions")) $("suggestions").hidden = newest > 0 || sending;
}

function showTyping(shown) {
  $("typing").hidden = !shown;
  showState();
}

function take(answer) {
  chatlogId = answer.chatlogId;
  store.set(`${chatlogId}.${visitor}`);
  state = answer.state || state;
  details = answer.details || details;
}

const get = (path) => call(chat.dataset.base, path, null, chatlogId, visitor);
const post = (path, body) => call(chat.dataset.base, path, { ...profile, ...body, chatlogId }, chatlogId, visitor);

// ---------------------------------------------------------------- saying

// What is tried again after a failure keeps its id: it may have arrived the first time.
let unsure = { content: null, id: "" };

function idFor(content) {
  if (unsure.content !== content) unsure = { content, id: newId() };
  return unsure.id;
}

// Send `content` to `path`; it is shown at once and taken back if it did not arrive.
async function say(path, content) {
  if (sending) return false;
  sending = true;
  const mine = conversation;
  const waiting = bubble({ type: "user", content }, log);
  waiting.classList.add("sending");
  trouble("", $("trouble"));
  log.append(waiting);
  showTyping(!PERSON_STATES.includes(state));
  toEnd();
  try {
    const answer = await post(path, { text: content, clientId: idFor(content) });
    unsure.content = null;
    waiting.remove();
    if (mine !== conversation) return true;
    await receive(mine, answer);
    return true;
  } catch (error) {
    waiting.remove();
    if (!(error instanceof Trouble)) throw error;
    if (mine === conversation) {
      if (error.status === 404) forget();
      trouble(error.message, $("trouble"));
    }
    return false;
  } finally {
    sending = false;
    showTyping(false);
    showSend();
    pollSoon();
  }
}

// Show what was said, and before it what an agent said since the last look.
async function receive(mine, answer) {
  if (PERSON_STATES.includes(state)) {
    const missed = await get(`/messages?after=${newest}`).catch(() => ({ messages: [] }));
    const first = answer.messages[0].id;
    if (mine === conversation) show(missed.messages.filter((message) => message.id < first));
  }
  if (mine !== conversation) return;
  const before = state;
  take(answer);
  show(answer.messages);
  toEnd();
  if (state === "handed_over" && before !== state && !details.email && !details.phoneNumber) {
    askForAddress(answer.messages[0].content);
  }
}

// The team has the conversation and no address to answer to: offer the form, filled in.
function askForAddress(about) {
  if (!email) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Leave your e-mail address";
  button.addEventListener("click", () => {
    email.form.elements.text.value = about;
    email.open();
  });
  const box = document.createElement("div");
  box.className = "suggestions";
  box.append(button);
  log.lastElementChild.append(box);
  toEnd();
}

async function sayText(content) {
  const kept = text.value;
  if (content === kept) { text.value = ""; grow(); showSend(); }
  if (!(await say("/messages", content)) && !text.value) {
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
  $("count").textContent = left > 200 ? "" : `${left} character${left === 1 ? "" : "s"} left`;
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

// ---------------------------------------------------------------- a person, and forms

if ($("person")) {
  $("person").addEventListener("click", () => {
    if (chat.dataset.live) say("/live-chat", "I'd like to talk to a person.");
    else email.open();
  });
}

// Send what a dialog took, and show what came of it.
async function submit(path, given, clientId) {
  trouble("", $("trouble"));
  try {
    const mine = conversation;
    const answer = await post(path, { ...given, clientId });
    await receive(mine, answer);
    showState();
  } catch (error) {
    if (error.status === 404) forget();
    throw error;
  }
}

const known = () => details;
const email = formDialog("email", $("open-email"), known, async (given, clientId) => {
  await submit("/handover", given, clientId);
  email.form.elements.text.value = "";
});
const form = formDialog("form", $("open-form"), known, async (values, clientId) => {
  await submit("/form", { values }, clientId);
  form.reset();
});
formDialog("details", $("open-details"), known, async (given) => {
  take(await post("/details", given));
});

// On WhatsApp everybody has a number and a name: they are asked for once, and kept in the browser.
const profileDialog = formDialog("profile", $("open-profile"), () => profile || {}, async (given) => {
  if (profile && profile.phoneNumber !== given.phoneNumber) forget();
  profile = given;
  profileStore.set(JSON.stringify(given));
});

function remembered() {
  try {
    const { name, phoneNumber } = JSON.parse(profileStore.get());
    return { name, phoneNumber };
  } catch {
    return null;
  }
}

if (profileDialog) {
  profile = remembered();
  $("profile").addEventListener("cancel", (event) => { if (!profile) event.preventDefault(); });
  if (!profile) profileDialog.open();
}

// ---------------------------------------------------------------- coming back, and news

function forget() {
  store.clear();
  conversation += 1;
  chatlogId = null;
  visitor = newId();
  state = "bot";
  details = {};
  newest = 0;
  unsure.content = null;
  for (const item of [...log.children]) if (item.id !== "greeting") item.remove();
  $("newer").hidden = true;
  showState();
}

$("restart").addEventListener("click", () => {
  forget();
  trouble("", $("trouble"));
  text.focus();
});

async function poll() {
  if (!chatlogId || sending || document.hidden) return;
  const mine = conversation;
  try {
    const answer = await get(`/messages?after=${newest}`);
    if (mine !== conversation || sending) return;
    take(answer);
    const first = newest === 0;
    if (show(answer.messages)) {
      if (follows || first) toEnd();
      else $("newer").hidden = false;
    }
    showState();
    if (answer.more) await poll();
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

function recall() {
  const [id, token] = (store.get() || "").split(".");
  // Without its token it is nobody's.
  if (id && token) [chatlogId, visitor] = [id, token];
}

recall();
showState();
poll().then(pollSoon);
// In a frame, focus is the visitor's and the page's around it (embed.js).
if (!("embedded" in chat.dataset) && matchMedia("(hover: hover)").matches && !document.querySelector("dialog[open]")) text.focus();
