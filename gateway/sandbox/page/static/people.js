// The customers one can be: kept in this browser, edited in a dialog.

import { look, make } from "./api.js";
import { t } from "./words.js";

const KEY = "sandbox.people";
const FIRST = [
  { id: "dana", name: "דנה לוי", phone: "+972501234567", mail: "dana@example.com", language: "he" },
  { id: "tom", name: "Tom Baker", phone: "+447700900123", mail: "tom@example.org", language: "en" },
];

export class People extends EventTarget {
  constructor() {
    super();
    try {
      this.all = JSON.parse(localStorage.getItem(KEY)) || FIRST;
    } catch {
      this.all = FIRST;
    }
    if (!this.all.length) this.all = FIRST;
    this.userIds = new Map();
    this.dialog = document.getElementById("person-dialog");
    this.form = this.dialog.querySelector("form");
    this.form.addEventListener("submit", () => this.save());
    this.form.querySelector(".cancel").addEventListener("click", () => this.dialog.close());
    this.form.querySelector(".remove").addEventListener("click", () => this.remove());
  }

  get(id) {
    return this.all.find((person) => person.id === id) || this.all[0];
  }

  // A phone that hides its number is known to the product by its WhatsApp user id alone.
  async userId(person) {
    if (!this.userIds.has(person.phone)) {
      const found = await look(`user-id?from=${encodeURIComponent(person.phone)}`);
      this.userIds.set(person.phone, found.user_id || "");
    }
    return this.userIds.get(person.phone);
  }

  fillSelect(select, chosen) {
    const options = this.all.map((person) => make("option", { value: person.id, selected: person.id === chosen }, person.name));
    select.replaceChildren(...options, make("option", { value: "" }, t("addPerson")));
  }

  edit(id, whenSaved) {
    const person = id ? this.get(id) : { id: "", name: "", phone: "+9725", mail: "", language: "he" };
    this.editing = person.id;
    this.whenSaved = whenSaved;
    for (const name of ["name", "phone", "mail", "language"]) this.form.elements[name].value = person[name];
    this.form.elements.hidesPhone.checked = Boolean(person.hidesPhone);
    this.form.querySelector("h2").textContent = id ? t("editPerson") : t("newPerson");
    this.form.querySelector(".remove").hidden = !id || this.all.length < 2;
    this.dialog.showModal();
  }

  save() {
    const { name, phone, mail, language, hidesPhone } = this.form.elements;
    const id = this.editing || `p${Date.now()}`;
    const person = { id, name: name.value, phone: phone.value, mail: mail.value, language: language.value, hidesPhone: hidesPhone.checked };
    this.all = this.editing ? this.all.map((kept) => (kept.id === id ? person : kept)) : [...this.all, person];
    this.keep();
    this.whenSaved?.(id);
  }

  remove() {
    this.all = this.all.filter((person) => person.id !== this.editing);
    this.dialog.close();
    this.keep();
  }

  keep() {
    localStorage.setItem(KEY, JSON.stringify(this.all));
    this.dispatchEvent(new Event("change"));
  }
}
