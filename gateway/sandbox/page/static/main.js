// Starts the page: language, customers, two phones, a mailbox and the faults drawer.

import { Faults } from "./faults.js";
import { Mailbox } from "./mailbox.js";
import { People } from "./people.js";
import { Phone } from "./phone.js";
import { Store } from "./store.js";
import { chooseLanguage, language, startLanguage, t } from "./words.js";

startLanguage();
const store = new Store();
const people = new People();
const phones = [];
for (const root of document.querySelectorAll("[data-phone]")) phones.push(new Phone(root, phones.length, { store, people, onPerson: nameSwitcher }));
const mailbox = new Mailbox(document.getElementById("mailbox"), { store, people });
const faults = new Faults(store);
const languageButton = document.getElementById("language");

function nameSwitcher() {
  phones.forEach((phone, number) => {
    document.querySelector(`[data-show="${number}"] .who`).textContent = phone.person.name;
  });
}

function drawLanguage() {
  const isHebrew = language() === "he";
  languageButton.textContent = isHebrew ? "English" : "עברית";
  languageButton.lang = isHebrew ? "en" : "he";
  drawLive();
}

function drawLive() {
  const live = document.querySelector(".live");
  live.classList.toggle("off", !store.isLive);
  live.querySelector(".live-text").textContent = t(store.isLive ? "live" : "offline");
}

languageButton.addEventListener("click", () => {
  chooseLanguage(language() === "he" ? "en" : "he");
  drawLanguage();
  phones.forEach((phone) => phone.redraw());
  mailbox.redraw();
  faults.draw();
});

function showPane(number) {
  document.body.dataset.pane = number;
  for (const button of document.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", button.dataset.show === String(number));
  store.tell("messages");
}

for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => showPane(button.dataset.show));
for (const button of document.querySelectorAll("#list-dialog .cancel")) button.addEventListener("click", () => button.closest("dialog").close());
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll(".menu[open]")) menu.open = false;
});
store.addEventListener("live", drawLive);

nameSwitcher();
drawLanguage();
showPane(0);
store.start();
