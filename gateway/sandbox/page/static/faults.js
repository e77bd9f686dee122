// The drawer where things are made to go wrong, and where one sees what really arrived.

import { call, look, make, toast } from "./api.js";
import { t } from "./words.js";

export class Faults {
  constructor(store) {
    this.store = store;
    this.dialog = document.getElementById("faults-dialog");
    this.faultForm = document.getElementById("fault-form");
    this.rulesForm = document.getElementById("rules-form");
    this.opener = document.getElementById("open-faults");
    this.find = (selector) => this.dialog.querySelector(selector);
    this.listen();
  }

  listen() {
    this.opener.addEventListener("click", () => this.open());
    this.find(".cancel").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.faultForm.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add();
    });
    this.faultForm.elements.kind.addEventListener("change", () => this.drawFields());
    this.find(".clear").addEventListener("click", async () => this.take(await (await fetch("api/faults", { method: "DELETE" })).json()));
    this.rulesForm.addEventListener("change", (event) => this.setRule(event.target));
    this.rulesForm.addEventListener("submit", (event) => event.preventDefault());
    this.find(".verify").addEventListener("click", () => this.verify());
    this.find(".reset").addEventListener("click", () => call("reset", {}));
    this.store.addEventListener("state", () => this.draw());
    this.store.addEventListener("note", () => this.drawNotes());
    this.store.addEventListener("messages", () => this.dialog.open && this.drawCounts());
  }

  async open() {
    this.take(await look("faults"));
    this.drawCounts();
    this.dialog.showModal();
  }

  async add() {
    const { provider, kind, count, code, retry_after_seconds: after } = this.faultForm.elements;
    const fault = { provider: provider.value, kind: kind.value, count: Number(count.value) };
    if (kind.value === "code") fault.code = Number(code.value);
    if (kind.value === "throttle") fault.retry_after_seconds = Number(after.value);
    this.take(await call("faults", fault));
  }

  async setRule(input) {
    const value = input.type === "checkbox" ? input.checked : input.type === "number" ? Math.round(Number(input.value)) : input.value;
    this.take(await call("faults", { rules: { [input.name]: value } }));
  }

  take(answer) {
    if (answer.error) return toast(answer.error, true);
    Object.assign(this.store.state, { faults: answer.faults, rules: answer.rules });
    this.draw();
  }

  draw() {
    const { faults, rules, kinds, providers } = this.store.state;
    options(this.faultForm.elements.provider, providers.map((name) => [name, t(`provider_${name}`)]));
    options(this.faultForm.elements.kind, kinds.map((name) => [name, t(name)]));
    for (const [name, value] of Object.entries(rules)) {
      const input = this.rulesForm.elements[name];
      if (input.type === "checkbox") input.checked = value;
      else if (input !== document.activeElement) input.value = value;
    }
    const items = faults.map((fault) => make("li", {}, make("b", {}, t(`provider_${fault.provider}`)), make("bdi", {}, t(fault.kind)), fault.code ? make("bdi", {}, String(fault.code)) : "", make("bdi", { dir: "ltr" }, `×${fault.count}`)));
    this.find(".waiting").replaceChildren(...(items.length ? items : [make("li", { class: "empty" }, t("noFaults"))]));
    const count = this.opener.querySelector(".count");
    count.hidden = !faults.length;
    count.textContent = faults.length;
    this.drawFields();
    this.drawNotes();
  }

  drawFields() {
    for (const label of this.faultForm.querySelectorAll("[data-only]")) label.hidden = label.dataset.only !== this.faultForm.elements.kind.value;
  }

  drawNotes() {
    const notes = this.store.state.notes.slice(-30).reverse();
    this.find(".notes").replaceChildren(...(notes.length ? notes.map((note) => make("li", { dir: "ltr" }, note)) : [make("li", { class: "empty" }, t("none"))]));
  }

  async drawCounts() {
    const counts = await look("outbox?ids=0");
    const doubles = Object.entries(counts.duplicates);
    const pairs = [[t("total"), counts.total], ...Object.entries(counts.by_provider).map(([name, value]) => [t(`provider_${name}`), value])];
    const rows = pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]);
    const shown = doubles.slice(0, 10).map(([id, times]) => `${id} ×${times}`).join(", ");
    rows.push(make("dt", {}, t("duplicates")), make("dd", { class: doubles.length ? "bad" : "good", dir: "auto" }, shown || t("none")));
    this.find(".counts").replaceChildren(...rows);
  }

  async verify() {
    const answer = await call("verify", {});
    toast(answer.accepted ? t("verified") : answer.error, !answer.accepted);
  }
}

function options(select, pairs) {
  const chosen = select.value;
  select.replaceChildren(...pairs.map(([value, words]) => make("option", { value, selected: value === chosen }, words)));
}
