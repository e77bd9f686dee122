// A mailbox: the mails of one customer, reading one, writing and answering.

import { call, icon, make, readFile, toast, trouble } from "./api.js";
import { clock, day, fill, t } from "./words.js";

export class Mailbox {
  constructor(root, { store, people }) {
    Object.assign(this, { root, store, people });
    root.append(document.getElementById("mailbox-template").content.cloneNode(true));
    this.find = (selector) => root.querySelector(selector);
    this.personId = localStorage.getItem("sandbox.mailbox") || people.all[0].id;
    this.openId = "";
    this.seen = new Set();
    this.form = this.find(".mail-form");
    this.listen();
    this.redraw();
  }

  get person() {
    return this.people.get(this.personId);
  }

  get mails() {
    return this.store.of("mail", [this.person.mail]).reverse();
  }

  listen() {
    const select = this.find(".who-select");
    select.addEventListener("change", () => {
      if (select.value) return this.choosePerson(select.value);
      this.people.fillSelect(select, this.personId);
      this.people.edit("", (id) => this.choosePerson(id));
    });
    this.find(".compose").addEventListener("click", () => this.write(null));
    this.find(".back").addEventListener("click", () => this.show("list"));
    this.find(".cancel").addEventListener("click", () => this.show(this.openId ? "reader" : "list"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.form.elements.file.addEventListener("change", () => this.drawPicked());
    this.store.addEventListener("messages", () => this.draw());
    this.people.addEventListener("change", () => this.redraw());
  }

  choosePerson(id) {
    this.personId = id;
    localStorage.setItem("sandbox.mailbox", id);
    this.show("list");
    this.redraw();
  }

  redraw() {
    fill(this.root);
    this.people.fillSelect(this.find(".who-select"), this.person.id);
    this.find(".number").textContent = this.person.mail;
    this.drawPicked();
    this.drawn = "";
    this.show(this.view || "list");
    this.draw();
  }

  show(view) {
    this.view = view;
    if (view === "list") this.openId = "";
    this.find(".mail-list").hidden = view !== "list";
    this.find(".mail-reader").hidden = view !== "reader";
    this.form.hidden = view !== "form";
    this.find(".back").hidden = view === "list";
    if (view === "list") this.draw();
  }

  draw() {
    const { mails } = this;
    const list = this.find(".mail-list");
    list.replaceChildren(...mails.map((mail) => this.row(mail)));
    if (!mails.length) list.append(make("li", { class: "empty" }, t("noMails")));
    const open = mails.find((mail) => mail.id === this.openId);
    const version = JSON.stringify(open);
    if (open && this.view === "reader" && version !== this.drawn) this.read(open);
    this.drawn = version;
  }

  row(mail) {
    const isMine = mail.author === "customer";
    const isUnread = !isMine && !this.seen.has(mail.id);
    const hasFailed = mail.status === "refused" || mail.status === "bounced";
    const who = isMine ? `${t("to")}: ${mail.ours}` : mail.from || mail.sender;
    return make("li", {}, make(
      "button",
      { type: "button", class: `mail-row${isUnread ? " unread" : ""}${isMine ? " mine" : ""}`, onclick: () => this.open(mail) },
      make("span", { class: "mail-who", dir: "auto" }, who),
      make("time", { datetime: mail.at }, clock(mail.at)),
      make("span", { class: "mail-subject", dir: "auto" }, mail.subject || t("noSubject")),
      make("span", { class: hasFailed ? "mail-snippet bad" : "mail-snippet", dir: "auto" }, hasFailed ? mail.smtp_reply || t(mail.status) : (mail.text || "").slice(0, 120)),
    ));
  }

  open(mail) {
    this.openId = mail.id;
    this.seen.add(mail.id);
    this.read(mail);
    this.show("reader");
    this.find(".mail-reader h2").focus();
  }

  read(mail) {
    const isMine = mail.author === "customer";
    const line = (name, value) => value && make("p", { class: "mail-line" }, make("span", {}, t(name)), make("bdi", {}, value));
    const bad = isMine && mail.status === "refused" && make("p", { class: "refusal", role: "alert" }, `${t("smtpSaid")}: `, make("bdi", { dir: "ltr" }, mail.smtp_reply || t("noAnswer")));
    const replyTo = mail.reply_address && !(mail.from || "").includes(mail.reply_address) && mail.reply_address;
    const links = [
      mail.has_html && make("a", { class: "button quiet", target: "_blank", rel: "noopener", href: `api/mail-html?id=${encodeURIComponent(mail.id)}` }, t("showHtml")),
      mail.raw && make("a", { class: "button quiet", href: mail.raw, download: "mail.eml" }, t("showRaw")),
      mail.unsubscribe_url && make("button", { type: "button", class: "button quiet", onclick: () => this.unsubscribe(mail) }, t("unsubscribe")),
      !isMine && make("button", { type: "button", class: "button strong", onclick: () => this.write(mail) }, icon("reply", "mirror"), t("replyMail")),
    ].filter(Boolean);
    this.find(".mail-reader").replaceChildren(
      ...[
        make("h2", { dir: "auto", tabindex: "-1" }, mail.subject || t("noSubject")),
        line("from", mail.from || mail.sender),
        line("to", mail.to || mail.ours),
        line("replyTo", replyTo),
        make("p", { class: "mail-line" }, make("time", { datetime: mail.at }, `${day(mail.at)} ${clock(mail.at)}`), mail.auto_submitted && mail.auto_submitted !== "no" && make("span", { class: "tag" }, t("automaticMail"))),
        bad,
        make("div", { class: "mail-text", dir: "auto" }, mail.text || ""),
        mail.attachments?.length && make("p", { class: "mail-files" }, icon("clip"), make("bdi", {}, mail.attachments.join(", "))),
        make("div", { class: "actions" }, ...links),
      ].filter(Boolean),
    );
  }

  write(answered) {
    this.answered = answered;
    this.form.reset();
    const { elements } = this.form;
    elements.to.value = answered?.reply_address || this.store.state.numbers.mail || "";
    elements.subject.value = answered ? withRe(answered.subject) : "";
    this.form.querySelector("h2").textContent = t(answered ? "replyMail" : "newMail");
    this.find(".quote-note").hidden = !answered;
    this.refuse("");
    this.drawPicked();
    this.show("form");
    (answered ? elements.text : elements.subject).focus();
  }

  drawPicked() {
    const names = [...this.form.elements.file.files].map((file) => file.name);
    this.find(".picked").textContent = names.join(", ") || t("noFiles");
  }

  async send() {
    const { to, subject, text, program, file, authenticated } = this.form.elements;
    const { person } = this;
    const button = this.form.querySelector("[type=submit]");
    button.disabled = true;
    const answer = await call("mail", {
      from: person.mail, name: person.name, language: person.language, to: to.value, subject: subject.value, text: text.value,
      program: program.value, authenticated: authenticated.checked, reply_to: this.answered?.id || "",
      files: await Promise.all([...file.files].map(readFile)),
    });
    button.disabled = false;
    if (!answer.accepted) return this.refuse(answer.reply || answer.error || t("noAnswer"));
    toast(t("sent"));
    this.show("list");
  }

  refuse(words) {
    const line = this.form.querySelector(".refusal");
    line.hidden = !words;
    line.replaceChildren(...(words ? [`${t("smtpSaid")}: `, make("bdi", { dir: "ltr" }, words)] : []));
  }

  async unsubscribe(mail) {
    const answer = await call("unsubscribe", { id: mail.id });
    toast(answer.accepted ? t("unsubscribed") : `${t("notSent")}: ${trouble(answer)}`, !answer.accepted);
  }
}

const withRe = (subject) => (/^re:/i.test(subject) ? subject : `Re: ${subject}`);
