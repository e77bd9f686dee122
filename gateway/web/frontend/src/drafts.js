// The composer: a draft per conversation and kind, kept on this device until it is sent; the segment counter; refusals.
import htmx from "htmx.org";
import { announce } from "./live.js";

const PREFIX = "eshnav.draft.";
const COUNT_MS = 300;

export function keepDrafts() {
  restore();
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "desk" || event.detail.elt?.id === "desk") restore();
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "text") {
      save();
      refuse("");
      count();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.name === "mode") switchMode();
    if (event.target.name === "way") count();
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    // Heard at the form itself: by the time it is sent, the screen may show another conversation.
    if (event.target.id === "composer") event.target.addEventListener("sent", sent);
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    if (event.target.closest?.("#composer, #thread")) refuse(event.detail.xhr.responseText);
  });
  document.body.addEventListener("htmx:sendError", (event) => {
    if (event.target.id === "composer") refuse(document.getElementById("connection")?.textContent ?? "");
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-logout]")) forgetAll();
  });
}

export function chooseMode(mode) {
  const choice = document.getElementById(`mode-${mode}`);
  if (!choice) return;
  if (!choice.checked) {
    choice.checked = true;
    switchMode();
  }
  composer().elements.text.focus();
}

function sent(event) {
  const form = event.currentTarget;
  localStorage.removeItem(name(form));
  form.elements.key.value = event.detail.key;
  form.elements.text.value = "";
  announce("sent");
  if (!form.isConnected) return;
  refuse("");
  count();
  form.elements.text.focus();
}

const composer = () => document.getElementById("composer");
const mode = () => composer().elements.mode.value;
const name = (form = composer()) => `${PREFIX}${form.dataset.draft}.${form.elements.mode.value}`;

function save() {
  const text = composer().elements.text.value;
  if (text) localStorage.setItem(name(), text);
  else localStorage.removeItem(name());
}

function restore() {
  const form = composer();
  if (!form) return;
  if (!form.elements.text.value) form.elements.text.value = localStorage.getItem(name()) ?? "";
  dress();
  count();
}

function switchMode() {
  const text = composer().elements.text;
  text.value = localStorage.getItem(name()) ?? "";
  dress();
  refuse("");
  count();
}

function dress() {
  const form = composer();
  const kind = mode();
  form.classList.toggle("composer--note", kind === "note");
  form.elements.text.placeholder = form.elements.text.dataset[kind];
  const label = form.querySelector("#send span");
  label.textContent = label.dataset[kind];
}

function forgetAll() {
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
}

let timer = 0;

function count() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const form = composer();
    const output = document.getElementById("segments");
    if (!form || !output) return;
    const isSms = mode() === "reply" && form.querySelector("input[name=way]:checked")?.dataset.channel === "sms";
    if (isSms && form.elements.text.value) htmx.trigger(output, "count");
    else output.textContent = "";
  }, COUNT_MS);
}

function refuse(words) {
  const place = document.getElementById("refusal");
  if (!place) return;
  place.textContent = words;
  place.hidden = !words;
}
