// Which conversation is selected: the one asked for last, by key or by hand, even while it is still on its way. Screens
// show it (`aria-current`), but it is kept here: parts of the screen are replaced at moments no key waits for.
let coming = null;
let waiting = null;

export const shown = () => document.getElementById("thread")?.dataset.conversation;
export const selected = () => coming ?? shown();

export function keepSelection() {
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.dataset.open) expect(event.target.dataset.open);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    // Still expected after its request ended, so it did not come.
    if (coming && event.target.dataset.open === coming) expect(null);
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "desk" && shown() === coming) arrive();
    else mark();
  });
}

// Does something to the selected conversation, once it is here; until then the first thing asked for counts.
export function whenHere(act) {
  if (coming) waiting ??= act;
  else act();
}

function arrive() {
  const act = waiting;
  expect(null);
  act?.();
}

function expect(conversation) {
  coming = conversation;
  waiting = null;
  mark();
}

function mark() {
  for (const link of document.querySelectorAll("a[data-open]")) {
    if (link.dataset.open === selected()) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
