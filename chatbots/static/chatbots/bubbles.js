// What was said, as bubbles. Text is shown as text, never as HTML.

const ARROW = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 17 17 7M9 7h8v8"/></svg>';
const TICKS = '<svg class="ticks" viewBox="0 0 18 12" aria-hidden="true"><path d="m1 6.5 3.5 3.5 7-8M8 9.5l.8.5 7-8"/></svg>';

function link(url, label) {
  const a = document.createElement("a");
  a.href = url;
  a.target = "_blank";
  a.rel = "noopener noreferrer nofollow";
  a.textContent = label;
  return a;
}

// Text with its web addresses as links.
function withLinks(content) {
  const p = document.createElement("p");
  p.dir = "auto";
  for (const part of content.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}])/)) {
    p.append(/^https?:\/\//.test(part) ? link(part, part) : part);
  }
  return p;
}

function clock(moment) {
  const time = document.createElement("time");
  const at = moment ? new Date(moment) : new Date();
  time.dateTime = at.toISOString();
  time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return time;
}

// The list item of `message`, to be added to `log`.
export function bubble(message, log) {
  const item = document.createElement("li");
  const before = log.lastElementChild;
  item.className = `message ${message.type}`;
  if (before && before.classList.contains(message.type)) item.classList.add("same");
  if (message.type === "agent" && !item.classList.contains("same")) {
    const by = document.createElement("span");
    by.className = "by";
    by.textContent = message.by || "A person from the team";
    item.append(by);
  }
  const said = withLinks(message.content);
  item.append(said);
  if (log.classList.contains("timed")) {
    const time = clock(message.createdAt);
    if (message.type === "user") time.insertAdjacentHTML("beforeend", TICKS);
    item.append(time);
  }
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
