// Where the reader is: the newest message stays in sight while they are at the end, and their place when they are not.
const NEAR_PX = 80;

export function keepPlace() {
  let wasAtEnd = true;
  let height = 0;
  const box = () => document.getElementById("messages");
  const toEnd = () => {
    const messages = box();
    if (messages) messages.scrollTop = messages.scrollHeight;
  };

  document.body.addEventListener("htmx:beforeSwap", () => {
    const messages = box();
    if (!messages) return;
    wasAtEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < NEAR_PX;
    height = messages.scrollHeight;
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const messages = box();
    const target = event.detail.target;
    if (!messages) return;
    if (event.detail.requestConfig?.path?.includes("before=")) {
      messages.scrollTop += messages.scrollHeight - height;
    } else if (target.id === "desk" || wasAtEnd) {
      toEnd();
    }
  });
  document.body.addEventListener("htmx:afterSettle", title);
  document.body.addEventListener("htmx:pushedIntoHistory", () => {
    document.body.classList.toggle("has-thread", location.pathname.startsWith("/conversations/"));
  });
  toEnd();
  title();
}

const plainTitle = document.title;

function title() {
  const unread = Number(document.getElementById("list")?.dataset.unread ?? 0);
  document.title = unread ? `(${unread}) ${plainTitle}` : plainTitle;
}
