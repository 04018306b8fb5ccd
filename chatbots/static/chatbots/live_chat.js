// The agents' screen: asks for news, shows what was said, sends replies once.
(() => {
  "use strict";

  const ASK_MS = 2000;
  const ASK_HIDDEN_MS = 10000;
  const TITLE = document.title.replace(/^\(\d+\) /, "");
  const $ = (id) => document.getElementById(id);
  const desk = $("desk");
  const log = $("desk-log");
  const text = $("desk-text");
  let timer = null;
  let acting = false; // A post of ours is on its way.
  let unsent = null; // The text of a reply that may or may not have arrived.
  let round = 0; // Counts posts: news that was asked for before one is dropped.

  const seen = () => {
    const { list, stands, after } = desk.dataset;
    return { list, ...(log ? { stands, after } : {}) };
  };

  const parsed = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  };

  // Swap the inside of `box`, and leave the keyboard where it was.
  const swap = (box, html) => {
    const had = box.contains(document.activeElement) ? document.activeElement.id : "";
    box.replaceChildren(parsed(html));
    if (had) ($(had) || text || box).focus();
  };

  // Who reads further up stays there.
  let follows = true;
  const toEnd = () => { if (log) log.scrollTop = log.scrollHeight; };

  const say = (messages) => {
    for (const message of messages) {
      if (message.id <= Number(desk.dataset.after)) continue;
      log.append(parsed(message.html));
      desk.dataset.after = message.id;
    }
    if (follows) toEnd();
  };

  const badge = (count) => {
    document.title = count ? `(${count}) ${TITLE}` : TITLE;
    for (const shown of document.querySelectorAll("[data-live-waiting]")) {
      shown.textContent = count || "";
    }
  };

  const take = (news) => {
    if (news.list) {
      desk.dataset.list = news.list.version;
      swap($("desk-list"), news.list.html);
      badge(news.list.waiting);
    }
    if (news.stands && log) {
      desk.dataset.stands = news.stands.version;
      swap($("desk-head"), news.stands.head);
      $("desk-notice").replaceChildren(parsed(news.stands.notice));
      $("desk-notice").hidden = news.stands.mayReply;
      $("desk-reply").hidden = !news.stands.mayReply;
    }
    if (news.said) say(news.said);
    document.body.dispatchEvent(new CustomEvent("htmx:afterSwap"));
  };

  const line = (sentence) => { $("desk-line").textContent = sentence; };

  const ask = async () => {
    if (acting) return;
    const mine = round;
    const address = `${desk.dataset.news}?${new URLSearchParams(seen())}`;
    try {
      const answer = await fetch(address, { redirect: "manual", cache: "no-store" });
      if (mine !== round) return;
      if (answer.type === "opaqueredirect") {
        line("You are logged out. Reload the page to log in again.");
      } else if (answer.status === 404) {
        line("This conversation is no longer there.");
      } else if (answer.ok) {
        if (answer.status === 200) take(await answer.json());
        line("");
      } else {
        line("The server does not answer as it should. Trying again…");
      }
    } catch {
      line("You seem to be offline. Trying again…");
    }
  };

  const askLater = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => { await ask(); askLater(); }, document.hidden ? ASK_HIDDEN_MS : ASK_MS);
  };

  // Post `form` to `action`. Returns whether it was done.
  const post = async (action, form) => {
    acting = true;
    round += 1;
    const body = new URLSearchParams([...new FormData(form), ...Object.entries(seen())]);
    let refused = "You seem to be offline. Nothing is lost; try again in a moment.";
    try {
      const answer = await fetch(action, {
        method: "POST", body, redirect: "manual", headers: { Accept: "application/json" },
      });
      if (answer.ok || answer.status === 409) {
        const news = await answer.json();
        take(news);
        refused = news.error || "";
      } else if (answer.type === "opaqueredirect" || answer.status === 403) {
        refused = "You are logged out, or the page is too old. Reload it and try again.";
      } else {
        refused = "The server did not take it. Try again in a moment.";
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    } finally {
      acting = false;
    }
    const trouble = $("desk-trouble");
    trouble.textContent = refused;
    trouble.hidden = !refused;
    askLater();
    return !refused;
  };

  const newId = () => [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.id !== "desk-reply" && form.id !== "desk-act") return;
    event.preventDefault();
    if (acting) return;
    const isReply = form.id === "desk-reply";
    if (isReply && !text.value.trim()) return;
    const draft = isReply ? text.value : "";
    // The same text again is the same reply; another text is another one.
    if (isReply && unsent !== null && draft !== unsent) form.elements.client_id.value = newId();
    const action = isReply ? form.action : event.submitter.formAction;
    $("desk-send").disabled = true;
    const done = await post(action, form);
    $("desk-send").disabled = false;
    if (isReply) unsent = done ? null : draft;
    if (isReply && done) {
      if (text.value === draft) text.value = "";
      form.elements.client_id.value = newId();
      toEnd();
    }
    if (!$("desk-reply").hidden) text.focus();
  });

  if (log) {
    log.addEventListener("scroll", () => {
      follows = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    });
    // A keyboard on the screen, or a notice in place of the reply, leaves less room.
    new ResizeObserver(() => { if (follows) toEnd(); }).observe(log);
  }
  if (text) {
    text.addEventListener("keydown", (event) => {
      // While an input method composes, Enter chooses a word.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        $("desk-reply").requestSubmit();
      }
    });
    toEnd();
    if (!$("desk-reply").hidden && matchMedia("(hover: hover)").matches) text.focus();
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask().then(askLater);
  });
  askLater();
})();
