// The chat in a frame of another web site: what it and the page's script (widget.js) tell each other.
//
// Nothing that is said in the chat leaves the frame: the page hears that the chat is there, that it
// is to be closed, and how many messages came while it was. Where the browser lets the frame store
// nothing, the page also keeps the conversation's id and token, and hands them over behind the
// address's #.

import { keepElsewhere } from "./wire.js";

const chat = document.getElementById("chat");
const framed = window.parent !== window;
let shown = true;
let unread = 0;

let around = "*"; // The origin of the page around, once it has said something.

function tell(word, more) {
  // Any page that gets this is one that may frame the chat: the browser has seen to it.
  if (framed) window.parent.postMessage({ wonderchat: word, ...more }, around);
}

function hasStorage() {
  try { return Boolean(localStorage); } catch { return false; }
}

// The conversation's id and token, kept by the page around.
function keptByPage() {
  let id = location.hash.slice(1) || null;
  return {
    get: () => id,
    set(value) {
      if (value === id) return;
      id = value;
      tell("keep", { conversation: id });
    },
  };
}

// Where to go on: the box to write in, but not where that would bring up a keyboard on the screen.
function takeFocus() {
  if (document.querySelector("dialog[open]")) return;
  const hover = matchMedia("(hover: hover)").matches;
  document.getElementById(hover ? "text" : "close").focus();
}

function onWord(event) {
  if (event.source !== window.parent || !event.data) return;
  around = event.origin;
  if (event.data.wonderchat === "opened") {
    shown = true;
    unread = 0;
    if (event.data.focus) takeFocus();
  } else if (event.data.wonderchat === "closed") {
    shown = false;
  }
}

if (chat && framed) {
  if (!hasStorage()) keepElsewhere(keptByPage());
  const close = document.getElementById("close");
  close.hidden = false;
  close.addEventListener("click", () => tell("close"));
  window.addEventListener("message", onWord);
  document.addEventListener("keydown", (event) => {
    // Escape closes a dialog first, and while an input method composes it is the method's.
    if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
    tell("close");
  });
  new MutationObserver((changes) => {
    if (shown) return;
    const added = changes.flatMap((change) => [...change.addedNodes]);
    unread += added.filter((item) => item.matches?.(".agent, .bot")).length;
    if (unread) tell("unread", { count: unread });
  }).observe(document.getElementById("log"), { childList: true });
}
// Once chat.js, which comes after this, listens too.
document.addEventListener("DOMContentLoaded", () => tell(chat ? "ready" : "unknown"));
