// What comes too late. An answer for a part of the screen that was replaced meanwhile is dropped whole: what it carries
// for other parts, such as the panel and the ways to answer, belongs to a conversation no longer shown.
export function dropLate() {
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    event.detail.target.addEventListener("htmx:beforeSwap", drop);
  });
}

function drop(event) {
  if (!event.currentTarget.isConnected) event.preventDefault();
}
