// Live news. Only ids come down the stream; what changed is then fetched as anyone would fetch it. While the stream is
// broken the screen is refreshed every few seconds. Each time it opens, the first time too, the screen is refreshed once
// more, since nobody told what changed until then.
import htmx from "htmx.org";
import { selected, shown } from "./selection.js";

const CALM_MS = 250;
const POLL_MS = 4000;
const ROWS_OF_FIRST_PAGE = 41;

export function listen() {
  let isConnected = false;
  const changed = new Set();
  let timer = 0;

  document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
    event.preventDefault();
    for (const id of String(event.detail.data).split(",")) changed.add(id);
    timer ||= setTimeout(tell, CALM_MS);
  });
  document.body.addEventListener("htmx:sseOpen", () => {
    isConnected = true;
    show(false);
    refresh(true);
  });
  document.body.addEventListener("htmx:sseError", () => {
    isConnected = false;
    show(true);
  });
  setInterval(() => {
    if (!isConnected && document.getElementById("ear") && !document.hidden) refresh(true);
  }, POLL_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && document.getElementById("ear")) refresh(true);
  });

  function tell() {
    timer = 0;
    const open = shown();
    const isHere = changed.has("all") || changed.has(open);
    changed.clear();
    if (isHere && open) announce("news");
    refresh(isHere);
  }
}

export function announce(what) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = announcer.dataset[what] ?? "";
}

function refresh(withThread) {
  const list = document.getElementById("list");
  const isUnrolled = list && list.querySelectorAll(".rows > li").length > ROWS_OF_FIRST_PAGE && list.scrollTop > 0;
  if (list && !isUnrolled) htmx.trigger(list, "refresh");
  const thread = document.getElementById("thread");
  if (thread && withThread) htmx.trigger(thread, "refresh");
}

function show(isLost) {
  const banner = document.getElementById("connection");
  if (banner) banner.hidden = !isLost;
}

document.addEventListener("htmx:configRequest", (event) => {
  // A refresh of the list keeps the row of the selected conversation marked.
  if (event.detail.path.startsWith("/inbox/list")) {
    event.detail.parameters.set("current", selected() ?? "");
  }
});
