// The chat button of a chatbot, for any web page:
//
//   <script src="https://HOST/scripts/wonderchat.js" data-name="wonderchat"
//     data-address="HOST" data-id="CHATBOT ID" defer></script>
//
// One element at the end of the page, its inside out of reach of the page's CSS; no global name, no
// request before the chat is opened, nothing from any host but data-address. The chat is a frame of
// that host: nothing that is said in it reaches the page, and nothing of the page the chat.
(() => {
  "use strict";

  const MARK = "data-wonderchat-widget";
  const READY_AFTER_LOAD_MS = 2000;
  const LOAD_MS = 30000;
  const NARROW = "(max-width: 520px), (max-height: 440px)";
  const CSS = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .button, .panel { position: fixed; right: max(20px, env(safe-area-inset-right)); z-index: 2147483000; }
    .button {
      bottom: max(20px, env(safe-area-inset-bottom)); width: 60px; height: 60px; padding: 0;
      display: grid; place-items: center; border: 1px solid transparent; border-radius: 50%;
      background: #3f5be0; background: oklch(53% 0.213 268); color: #fff; cursor: pointer;
      box-shadow: 0 2px 6px rgb(15 20 50 / 0.18), 0 8px 28px rgb(15 20 50 / 0.24);
      transition: transform 0.15s;
    }
    .button:hover { transform: scale(1.05); }
    .button:focus-visible, a:focus-visible, .plain:focus-visible {
      outline: 3px solid #fff; outline-offset: 0; box-shadow: 0 0 0 6px #3f5be0;
    }
    .button svg { width: 28px; height: 28px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; grid-area: 1 / 1; }
    .button[aria-expanded="true"] .chat, .button[aria-expanded="false"] .down { visibility: hidden; }
    .unread {
      position: absolute; top: -3px; right: -3px; min-width: 22px; height: 22px; padding: 0 6px;
      border: 2px solid #fff; border-radius: 11px; background: #c62828; color: #fff;
      font: 600 12px/18px system-ui, sans-serif; text-align: center;
    }
    .panel {
      bottom: calc(max(20px, env(safe-area-inset-bottom)) + 76px); width: 400px; height: min(680px, calc(100vh - 116px));
      overflow: hidden; border-radius: 20px; background: Canvas; color: CanvasText; color-scheme: light dark;
      border: 1px solid rgb(125 130 160 / 0.28);
      box-shadow: 0 2px 8px rgb(15 20 50 / 0.1), 0 16px 56px rgb(15 20 50 / 0.26);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; text-align: center;
    }
    iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; color-scheme: light dark; opacity: 0; }
    iframe.ready { opacity: 1; }
    .notice { position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 16px; padding: 32px; }
    .notice p { margin: 0; }
    .notice a { color: LinkText; }
    .plain { padding: 8px 18px; border: 1px solid; border-radius: 18px; background: none; color: inherit; font: inherit; cursor: pointer; }
    .guard { position: absolute; width: 1px; height: 1px; }
    @supports (height: 100dvh) { .panel { height: min(680px, calc(100dvh - 116px)); } }
    @media ${NARROW} {
      .panel { inset: 0; width: 100%; height: 100%; border: 0; border-radius: 0; box-shadow: none; }
      .button[aria-expanded="true"] { visibility: hidden; }
    }
    @media (min-width: 521px) and (min-height: 441px) { .guard { display: none; } }
    @media (prefers-reduced-motion: no-preference) {
      .panel { animation: up 0.18s ease-out; }
      @keyframes up { from { opacity: 0; transform: translateY(12px); } }
    }
    @media (prefers-reduced-motion: reduce) { .button { transition: none; } .button:hover { transform: none; } }
    @media print { .button, .panel { display: none; } }
  `;

  const script = document.currentScript
    || [...document.querySelectorAll('script[data-name="wonderchat"]')].pop();

  function tellOwner(sentence) {
    console.error(`Wonderchat: ${sentence}`);
  }

  // The origin that `address` names: a host, as Wonderchat's snippet has it, or a whole origin.
  function originOf(address) {
    const own = new URL(script.src || document.baseURI);
    const scheme = /^https?:$/.test(own.protocol) ? own.protocol : "https:";
    if (!address) return own.origin;
    return new URL(/^https?:\/\//i.test(address) ? address : `${scheme}//${address}`).origin;
  }

  function make(name, properties, ...children) {
    const element = document.createElement(name);
    Object.assign(element, properties);
    element.append(...children);
    return element;
  }

  // Made node by node: a page with Trusted Types takes no HTML in a string.
  function icon(className, path) {
    const namespace = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(namespace, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", className);
    svg.append(document.createElementNS(namespace, "path"));
    svg.firstChild.setAttribute("d", path);
    return svg;
  }

  function dress(shadow) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      shadow.adoptedStyleSheets = [sheet];
    } catch {
      // An older browser. A strict page has to give the script a nonce there.
      shadow.append(make("style", { nonce: script.nonce, textContent: CSS }));
    }
  }

  // What the page keeps of a chatbot. Some browsers forbid it; then it is forgotten on the next page.
  function memory(id) {
    const name = (what) => `wonderchat:${id}:${what}`;
    const get = (what) => { try { return localStorage.getItem(name(what)); } catch { return null; } };
    const set = (what, value) => {
      try {
        if (value) localStorage.setItem(name(what), value);
        else localStorage.removeItem(name(what));
      } catch { /* forgotten on the next page */ }
    };
    return {
      wasOpen: () => get("open") === "1",
      keepOpen: (open) => set("open", open ? "1" : ""),
      // Only where the browser does not let the frame keep it by itself.
      conversation: () => (/^[0-9a-z]{1,64}\.[0-9a-z]{22,128}$/.exec(get("conversation") || "") || [""])[0],
      keepConversation: (value) => set("conversation", typeof value === "string" ? value : ""),
    };
  }

  function mount(origin, id) {
    const there = document.querySelector(`[${MARK}]`);
    if (there) {
      if (there.getAttribute(MARK) !== id) {
        tellOwner(`this page includes two chatbots. It shows ${there.getAttribute(MARK)}; remove the script of ${id} or the other one.`);
      }
      return;
    }
    const host = document.createElement("div");
    host.setAttribute(MARK, id);
    // Out of the flow, whatever the page says of its elements.
    for (const [property, value] of [["all", "initial"], ["position", "fixed"], ["width", "0"], ["height", "0"], ["inset", "auto 0 0 auto"], ["z-index", "2147483000"]]) {
      host.style.setProperty(property, value, "important");
    }
    const shadow = host.attachShadow({ mode: "open" });
    dress(shadow);

    const badge = make("span", { className: "unread", hidden: true });
    badge.setAttribute("aria-hidden", "true");
    const button = make("button", { type: "button", className: "button" },
      icon("chat", "M4 5.5h16v11H10l-4.5 3.7V16.5H4z"), icon("down", "m6 9 6 6 6-6"), badge);
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-controls", "panel");
    const panel = make("div", { id: "panel", className: "panel", hidden: true });
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-label", "Chat");
    shadow.append(button, panel);

    const kept = memory(id);
    const narrow = matchMedia(NARROW);
    let frame = null;
    let opening = null; // What is there until the frame is ready.
    let ready = false;
    let wantsFocus = false;
    let timers = [];
    let blockedHere = false;

    function label(unread = 0) {
      const open = !panel.hidden;
      const news = unread === 1 ? ", 1 new message" : `, ${unread} new messages`;
      button.setAttribute("aria-expanded", String(open));
      button.setAttribute("aria-label", `${open ? "Close" : "Open"} the chat${unread ? news : ""}`);
      badge.hidden = !unread;
      badge.textContent = unread > 99 ? "99+" : String(unread);
    }

    function tellFrame(word, more) {
      if (frame && ready) frame.contentWindow.postMessage({ wonderchat: word, ...more }, origin);
    }

    // On a small screen the chat covers the page: the keyboard stays in it.
    function guard() {
      const element = make("div", { className: "guard", tabIndex: 0 });
      element.addEventListener("focus", focusFrame);
      return element;
    }

    function focusFrame() {
      if (!frame) return;
      frame.focus();
      tellFrame("opened", { focus: true });
    }

    function load() {
      opening = make("div", { className: "notice" }, make("p", { textContent: "Opening the chat…" }));
      frame = make("iframe", { title: "Chat", referrerPolicy: "no-referrer" });
      if (origin !== location.origin) {
        // It may do all a chat needs, and not lead the page itself elsewhere.
        frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox");
      }
      const mine = frame;
      // A page that the browser refuses to show fires load as well, and never says that it is ready.
      frame.addEventListener("load", () => later(mine, READY_AFTER_LOAD_MS));
      later(mine, LOAD_MS);
      const conversation = kept.conversation();
      frame.src = `${origin}/chatbot/${id}/embed${conversation && `#${conversation}`}`;
      panel.replaceChildren(opening, guard(), frame, guard());
    }

    function later(mine, milliseconds) {
      if (mine !== frame || ready) return;
      timers.push(setTimeout(() => { if (mine === frame && !ready) fail(whyNot()); }, milliseconds));
    }

    function whyNot() {
      if (blockedHere) return `this page's own Content-Security-Policy forbids the chat's frame. Add ${origin} to its frame-src.`;
      const here = location.protocol === "file:" ? null : location.origin;
      if (!here) return "a page that was opened from a file cannot show the chat. Serve it over http, from localhost for example.";
      return `the chat may not be shown on ${here}, or ${origin} does not answer. Add ${here} to “Web sites that may embed it” on the chatbot's page in the dashboard.`;
    }

    function fail(sentence) {
      settle();
      frame = null;
      ready = false;
      tellOwner(sentence);
      const again = make("button", { type: "button", className: "plain", textContent: "Close" });
      again.addEventListener("click", () => close());
      const link = make("a", { href: `${origin}/chatbot/${id}`, target: "_blank", rel: "noopener", textContent: "Open it in a new tab" });
      panel.replaceChildren(make("div", { className: "notice" },
        make("p", { textContent: "The chat could not be opened on this page." }), link, again));
      if (wantsFocus && !panel.hidden) link.focus();
    }

    function settle() {
      timers.forEach(clearTimeout);
      timers = [];
    }

    function open(byVisitor) {
      wantsFocus = byVisitor;
      panel.hidden = false;
      label();
      kept.keepOpen(true);
      if (!frame) load();
      if (!byVisitor) tellFrame("opened");
      else if (ready) focusFrame();
      else frame.focus();
    }

    function close() {
      panel.hidden = true;
      wantsFocus = false;
      kept.keepOpen(false);
      label();
      tellFrame("closed");
      button.focus();
    }

    function onWord(event) {
      if (!frame || event.source !== frame.contentWindow || event.origin !== origin || !event.data) return;
      const { wonderchat: word, count, conversation } = event.data;
      if (word === "ready") {
        ready = true;
        settle();
        frame.classList.add("ready");
        opening.remove();
        if (panel.hidden) tellFrame("closed");
        else if (wantsFocus) focusFrame();
        else tellFrame("opened");
      } else if (word === "unknown") {
        fail(`there is no chatbot ${id} at ${origin}. Copy the snippet anew from the chatbot's page in the dashboard.`);
      } else if (word === "close" && !panel.hidden) {
        close();
      } else if (word === "keep") {
        kept.keepConversation(conversation);
      } else if (word === "unread" && panel.hidden && Number.isInteger(count)) {
        label(count);
      }
    }

    button.addEventListener("click", () => { if (panel.hidden) open(true); else close(); });
    shadow.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || panel.hidden) return;
      event.stopPropagation();
      close();
    });
    const modal = () => panel.setAttribute("aria-modal", String(narrow.matches));
    narrow.addEventListener("change", modal);
    window.addEventListener("message", onWord);
    document.addEventListener("securitypolicyviolation", (event) => {
      const blocked = event.blockedURI.startsWith(origin) && /^(frame|child|default)-src/.test(event.effectiveDirective);
      if (blocked && event.disposition === "enforce") blockedHere = true;
    });
    modal();
    label();
    document.documentElement.append(host);
    // Where it covers the whole page, a page that was just opened shows itself first.
    if (kept.wasOpen() && !narrow.matches) open(false);
  }

  function start() {
    if (!script) return;
    const { id = "", address = "" } = script.dataset;
    if (!/^[\w-]{1,64}$/.test(id)) {
      tellOwner("the script tag has no data-id, or one that is no chatbot's. Copy the snippet from the chatbot's page in the dashboard.");
      return;
    }
    let origin;
    try {
      origin = originOf(address.trim());
    } catch {
      tellOwner(`data-address="${address}" is not a host. Copy the snippet from the chatbot's page in the dashboard.`);
      return;
    }
    if (document.body) mount(origin, id);
    else document.addEventListener("DOMContentLoaded", () => mount(origin, id), { once: true });
  }

  start();
})();
