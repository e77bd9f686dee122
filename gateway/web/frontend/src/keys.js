// Shortcuts, bound to the physical key so that they work on a Hebrew keyboard as well.
import { chooseMode } from "./drafts.js";

const ACTIONS = {
  KeyJ: () => step(1),
  KeyK: () => step(-1),
  KeyR: () => chooseMode("reply"),
  KeyN: () => chooseMode("note"),
  KeyE: () => document.querySelector("[data-key=resolve]")?.click(),
};

export function bindKeys() {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input:not([type=radio]), textarea, select, [contenteditable]");
    if ((event.ctrlKey || event.metaKey) && event.code === "Enter" && event.target.id === "text") {
      event.preventDefault();
      event.target.form.requestSubmit(document.getElementById("send"));
      return;
    }
    if (event.code === "Escape" && isTyping) event.target.blur();
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const act = event.code === "Slash" ? (event.shiftKey ? help : search) : event.shiftKey ? null : ACTIONS[event.code];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}

const help = () => document.getElementById("keys")?.showModal();
const search = () => document.getElementById("search")?.focus();

function step(by) {
  const links = [...document.querySelectorAll("#rows a[data-open]")];
  const at = links.findIndex((link) => link.getAttribute("aria-current") === "true");
  const next = links[at < 0 ? 0 : at + by];
  if (next) {
    // Marked at once, so that the next press goes on from here even when it comes before the conversation does.
    links[at]?.removeAttribute("aria-current");
    next.setAttribute("aria-current", "true");
    next.click();
    next.scrollIntoView({ block: "nearest" });
  }
}
