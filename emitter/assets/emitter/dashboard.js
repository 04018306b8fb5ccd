// Small things that a page does by itself: copy, count down, say how long ago, ask before, post.
// Loaded in <head>; listens on the document, so that what htmx brings works too.
(() => {
  "use strict";

  const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

  // "4 min 12 s", "2 h 5 min", "3 days": the two largest units.
  const span = (seconds) => {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return plural(Math.floor(s / 86400), "day");
  };

  // How long ago needs no second unit.
  const roughly = (seconds) => {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 86400) return `${Math.floor(s / 3600)} h`;
    return plural(Math.floor(s / 86400), "day");
  };

  const tell = () => {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-ago], time[data-for], time[data-until]")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      const seconds = (now - moment) / 1000;
      const text = "until" in time.dataset
        ? (seconds > -1 ? "any moment" : `in ${span(-seconds)}`)
        : "for" in time.dataset ? roughly(seconds)
        : (seconds < 2 ? "just now" : `${roughly(seconds)} ago`);
      if (time.textContent !== text) time.textContent = text;
      if (!time.title) time.title = moment.toLocaleString();
    }
  };

  const copy = async (button) => {
    const source = document.querySelector(button.dataset.copy);
    if (!source) return;
    const text = "value" in source ? source.value : source.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without https:// or a permission there is no clipboard: select it for the person.
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
    const before = button.innerHTML;
    if (button.dataset.busy) return;
    button.dataset.busy = "1";
    button.innerHTML = '<span aria-hidden="true" class="material-symbols-outlined">check</span> Copied';
    setTimeout(() => { button.innerHTML = before; delete button.dataset.busy; }, 1400);
  };

  // 24 random bytes behind whsec_, as Standard Webhooks has it.
  const generate = (button) => {
    const input = document.querySelector(button.dataset.generate);
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    input.value = `whsec_${btoa(String.fromCharCode(...bytes))}`;
    input.type = "text";
    input.focus();
    input.select();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-generate], [data-show], [data-post]");
    if (!button) return;
    if (button.dataset.copy) copy(button);
    if (button.dataset.generate) generate(button);
    if (button.dataset.show) {
      const input = document.querySelector(button.dataset.show);
      input.type = input.type === "password" ? "text" : "password";
    }
    if (button.dataset.post) {
      const form = document.querySelector("#wc-post");
      if (!form || (button.dataset.confirm && !confirm(button.dataset.confirm))) return;
      form.action = button.dataset.post;
      form.submit();
    }
  });

  document.addEventListener("submit", (event) => {
    const sentence = event.target.dataset.confirm;
    if (sentence && !confirm(sentence)) event.preventDefault();
  });

  document.addEventListener("DOMContentLoaded", () => {
    tell();
    setInterval(tell, 1000);
    document.body.addEventListener("htmx:afterSwap", tell);
    document.body.addEventListener("htmx:oobAfterSwap", tell);
  });
})();
