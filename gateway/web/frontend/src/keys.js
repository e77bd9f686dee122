// Shortcuts, bound to the physical key so that they work on a Hebrew keyboard as well.
import { chooseMode } from "./drafts.js";
import { selected, whenHere } from "./selection.js";

const ACTIONS = {
  KeyJ: () => step(1),
  KeyK: () => step(-1),
  KeyR: () => whenHere(() => chooseMode("reply")),
  KeyN: () => whenHere(() => chooseMode("note")),
  KeyE: () => whenHere(() => document.querySelector("[data-key=resolve]")?.click()),
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
  const at = links.findIndex((link) => link.dataset.open === selected());
  const next = links[at < 0 ? 0 : at + by];
  next?.click();
  next?.scrollIntoView({ block: "nearest" });
}
