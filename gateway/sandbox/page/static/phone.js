// A phone: one customer, three channels, one screen.

import { call, make, readFile, toast, trouble } from "./api.js";
import { bubble } from "./bubble.js";
import { day, fill, inLanguage, t } from "./words.js";

const SHOWN = 150;
const CHIPS = ["wordHello", "wordAgent", "wordStatus", "wordStop"];

export class Phone {
  constructor(root, number, { store, people, onPerson }) {
    Object.assign(this, { root, number, store, people, onPerson });
    root.append(document.getElementById("phone-template").content.cloneNode(true));
    this.find = (selector) => root.querySelector(selector);
    this.personId = localStorage.getItem(`sandbox.phone${number}`) || people.all[number % people.all.length].id;
    this.channel = localStorage.getItem(`sandbox.channel${number}`) || "sms";
    this.seen = new Map();
    this.shown = new Map();
    this.asked = new Set();
    this.nameTabs();
    this.listen();
    this.choosePerson(this.personId);
  }

  get person() {
    return this.people.get(this.personId);
  }

  nameTabs() {
    const panel = this.find(".screen");
    panel.id = `screen-${this.number}`;
    for (const tab of this.root.querySelectorAll("[role=tab]")) {
      tab.id = `tab-${this.number}-${tab.dataset.channel}`;
      tab.setAttribute("aria-controls", panel.id);
    }
  }

  listen() {
    const tabs = [...this.root.querySelectorAll("[role=tab]")];
    for (const tab of tabs) {
      tab.addEventListener("click", () => this.chooseChannel(tab.dataset.channel));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const turn = document.documentElement.dir === "rtl" ? -step : step;
        const next = tabs[(tabs.indexOf(tab) + turn + tabs.length) % tabs.length];
        this.chooseChannel(next.dataset.channel);
        next.focus();
      });
    }
    const select = this.find(".who-select");
    select.addEventListener("change", () => {
      if (select.value) return this.choosePerson(select.value);
      this.people.fillSelect(select, this.personId);
      this.people.edit("", (id) => this.choosePerson(id));
    });
    this.find(".menu-list").addEventListener("click", (event) => this.act(event.target.closest("[data-do]")?.dataset.do));
    const text = this.find("textarea");
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    text.addEventListener("input", () => grow(text));
    this.find(".composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.find(".drop-quote").addEventListener("click", () => this.setReply(null));
    this.find(".drop-file").addEventListener("click", () => this.setFile(null));
    this.find(".file").addEventListener("change", (event) => this.setFile(event.target.files[0]));
    this.store.addEventListener("messages", () => this.draw());
    this.store.addEventListener("state", () => this.drawHead());
    this.store.addEventListener("typing", (event) => this.showTyping(event.detail));
    this.people.addEventListener("change", () => this.choosePerson(this.person.id));
    document.addEventListener("visibilitychange", () => this.draw());
  }

  choosePerson(id) {
    this.personId = this.people.get(id).id;
    localStorage.setItem(`sandbox.phone${this.number}`, this.personId);
    this.userId = "";
    this.people.userId(this.person).then((userId) => {
      this.userId = userId;
      this.draw();
    });
    this.redraw();
    this.onPerson();
  }

  chooseChannel(channel) {
    this.channel = channel;
    localStorage.setItem(`sandbox.channel${this.number}`, channel);
    this.setReply(null);
    this.redraw();
  }

  redraw() {
    fill(this.root);
    this.shown.clear();
    this.find(".log").replaceChildren();
    this.drawHead();
    this.draw();
  }

  drawHead() {
    const { person, channel } = this;
    const isHidden = person.hidesPhone && channel === "cloud";
    this.root.dataset.channel = channel;
    this.people.fillSelect(this.find(".who-select"), person.id);
    this.find(".avatar").textContent = [...person.name][0] || "?";
    this.find(".number").textContent = isHidden ? t("hidden") : person.phone;
    this.find(".ours").textContent = this.store.state.numbers[channel] || "";
    this.root.setAttribute("aria-label", person.name);
    for (const tab of this.root.querySelectorAll("[role=tab]")) {
      const isChosen = tab.dataset.channel === channel;
      tab.setAttribute("aria-selected", isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
      if (isChosen) this.find(".screen").setAttribute("aria-labelledby", tab.id);
    }
    for (const item of this.root.querySelectorAll("[data-for]")) item.hidden = !item.dataset.for.split(" ").includes(channel);
    const words = CHIPS.map((key) => inLanguage(key, person.language));
    this.find(".chips").replaceChildren(
      ...words.map((word) => make("button", { type: "button", class: "chip", dir: "auto", lang: person.language, onclick: () => this.say({ text: word }) }, word)),
    );
  }

  said(channel) {
    const hidden = channel === "cloud" ? this.userId : "";
    return this.store.of(channel, [this.person.phone, hidden]);
  }

  draw() {
    const messages = this.said(this.channel).slice(-SHOWN);
    const log = this.find(".log");
    const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    const kept = new Map(messages.map((message) => [message.id, message]));
    const wanted = [];
    let lastDay = "";
    for (const message of messages) {
      const name = day(message.at);
      if (name !== lastDay) wanted.push(this.piece(`day ${name}`, name, () => make("p", { class: "day" }, name)));
      lastDay = name;
      const quoted = message.reply_to && kept.get(message.reply_to);
      wanted.push(this.piece(message.id, JSON.stringify(message) + (quoted ? "q" : ""), () => this.bubble(message, quoted)));
    }
    if (!wanted.length) wanted.push(this.piece("empty", t("empty"), () => make("p", { class: "empty" }, t("empty"))));
    place(log, wanted);
    const newest = messages.at(-1)?.id;
    if (wasAtEnd || newest !== this.newest) log.scrollTop = log.scrollHeight;
    if (newest !== this.newest) this.hideTyping();
    this.newest = newest;
    this.readAll(messages);
    this.drawBadges();
  }

  piece(key, version, build) {
    const kept = this.shown.get(key);
    if (kept?.version === version) return kept.element;
    const element = build();
    this.shown.set(key, { version, element });
    return element;
  }

  bubble(message, quoted) {
    const isWhatsApp = this.channel !== "sms";
    return bubble(message, {
      quoted,
      onChoice: (from, choice) => this.choose(from, choice),
      onList: (from) => this.openList(from),
      onReply: isWhatsApp && message.author === "business" ? (to) => this.setReply(to) : null,
      onReact: this.channel === "cloud" ? (to, emoji) => this.say({ reaction: { message_id: to.id, emoji } }) : null,
    });
  }

  drawBadges() {
    for (const badge of this.root.querySelectorAll(".badge")) {
      const { channel } = badge.closest("[role=tab]").dataset;
      const incoming = this.said(channel).filter((message) => message.author !== "customer");
      const key = `${this.personId} ${channel}`;
      if (channel === this.channel || !this.seen.has(key)) this.seen.set(key, incoming.length);
      const unread = incoming.length - this.seen.get(key);
      badge.hidden = unread <= 0;
      badge.textContent = unread;
    }
  }

  readAll(messages) {
    const isInView = !document.hidden && this.root.offsetParent !== null;
    if (!isInView || this.channel === "sms") return;
    const ids = messages.filter((message) => message.author === "business" && message.status === "delivered" && !this.asked.has(message.id)).map((message) => message.id);
    if (!ids.length) return;
    ids.forEach((id) => this.asked.add(id));
    call("read", { ids });
  }

  async send() {
    const text = this.find("textarea");
    const words = text.value.trim();
    if (!words && !this.file) return;
    const files = this.file ? [await readFile(this.file)] : [];
    text.value = "";
    grow(text);
    const reply = this.reply ? { reply_to: this.reply.id } : {};
    this.setReply(null);
    this.setFile(null);
    await this.say({ text: words, files, ...reply });
  }

  async say(said) {
    const { person } = this;
    const answer = await call(this.channel, { from: person.phone, name: person.name, hides_phone: Boolean(person.hidesPhone), ...said });
    if (!answer.accepted) toast(`${t("notSent")}: ${trouble(answer)}`, true);
  }

  choose(message, choice) {
    const reply = { reply_to: message.id };
    if (this.channel === "whatsapp") {
      const isRow = choice.kind === "row";
      return this.say(isRow ? { list: { id: choice.key, title: choice.label }, ...reply } : { button: { text: choice.label, payload: choice.key }, ...reply });
    }
    if (message.template) return this.say({ button: { text: choice.label, payload: choice.key }, ...reply });
    if (choice.kind === "row") return this.say({ list_reply: { id: choice.key, title: choice.label, description: choice.description }, ...reply });
    return this.say({ button_reply: { id: choice.key, title: choice.label }, ...reply });
  }

  openList(message) {
    const dialog = document.getElementById("list-dialog");
    dialog.querySelector("h2").textContent = message.list_label;
    const rows = message.choices.map((choice) =>
      make("button", { type: "button", class: "list-row", dir: "auto", onclick: () => { dialog.close(); this.choose(message, choice); } }, make("b", {}, choice.label), choice.description && make("small", {}, choice.description)),
    );
    dialog.querySelector(".rows").replaceChildren(...rows);
    dialog.showModal();
  }

  async act(what) {
    this.find(".menu").open = false;
    const { person, channel } = this;
    const who = { from: person.phone, name: person.name, hides_phone: Boolean(person.hidesPhone) };
    if (what === "location") return this.say({ location: { latitude: 32.0853, longitude: 34.7818, name: person.language === "he" ? "כיכר רבין" : "Rabin Square", address: person.language === "he" ? "תל אביב" : "Tel Aviv" } });
    if (what === "unsupported") return this.say({ kind: "unsupported" });
    if (what === "edit") return this.people.edit(this.personId);
    if (what === "window") {
      const address = person.hidesPhone && channel === "cloud" ? this.userId : person.phone;
      await call("window", { channel, from: address });
      return toast(t("windowClosed"));
    }
    if (what?.endsWith("marketing")) {
      const answer = await call("preference", { ...who, marketing: what.startsWith("resume") });
      return toast(answer.accepted ? t("done") : `${t("notSent")}: ${trouble(answer)}`, !answer.accepted);
    }
  }

  setReply(message) {
    this.reply = message;
    this.find(".quote").hidden = !message;
    this.find(".quote-text").textContent = message?.text || "";
    if (message) this.find("textarea").focus();
  }

  setFile(file) {
    this.file = file || null;
    this.find(".attached").hidden = !file;
    this.find(".attached-name").textContent = file?.name || "";
    if (!file) this.find(".file").value = "";
  }

  showTyping({ channel, customer, seconds }) {
    if (channel !== this.channel || ![this.person.phone, this.userId].includes(customer)) return;
    this.find(".typing").hidden = false;
    clearTimeout(this.typingEnds);
    this.typingEnds = setTimeout(() => this.hideTyping(), seconds * 1000);
  }

  hideTyping() {
    this.find(".typing").hidden = true;
  }
}

function grow(text) {
  text.rows = Math.min(6, Math.max(1, text.value.split("\n").length));
}

function place(log, wanted) {
  wanted.forEach((element, position) => {
    if (log.children[position] !== element) log.insertBefore(element, log.children[position] || null);
  });
  while (log.children.length > wanted.length) log.lastElementChild.remove();
}
