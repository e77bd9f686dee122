// One message on the phone's screen.

import { icon, isWebLink, make } from "./api.js";
import { clock, t } from "./words.js";

const FAILED = new Set(["failed", "undelivered", "refused"]);
const TICKS = { received: "✓✓", delivered: "✓✓", read: "✓✓", sent: "✓", queued: "◷", accepted: "◷", sending: "◷", receiving: "◷", retrying: "↻" };

export function bubble(message, { quoted, onChoice, onList, onReply, onReact }) {
  const isMine = message.author === "customer";
  const parts = [
    message.author === "provider" && make("p", { class: "by" }, t("automatic")),
    message.template && make("p", { class: "by" }, `${t("template")}: `, make("bdi", {}, message.template)),
    quoted && make("p", { class: "quoted", dir: "auto" }, quoted.text || t("messages")),
    message.header && make("p", { class: "header", dir: "auto" }, message.header),
    ...message.files.map(file),
    message.text && make("p", { class: "text", dir: "auto" }, ...linked(message.text)),
    message.footer && make("p", { class: "footer", dir: "auto" }, message.footer),
    meta(message),
    message.reaction && make("span", { class: "reaction" }, message.reaction),
  ].filter(Boolean);
  const body = make("div", { class: "bubble" }, ...parts);
  const row = make("div", { class: `said ${isMine ? "mine" : "theirs"}`, "data-id": message.id }, body);
  if (onReply) row.append(actions(message, onReply, onReact));
  const choices = choiceButtons(message, onChoice, onList);
  if (choices) row.append(choices);
  return row;
}

function file(kept) {
  const isPicture = kept.is_here && /^image\/(png|jpeg|gif|webp)$/.test(kept.media_type);
  if (isPicture) return make("img", { class: "picture", src: kept.href, alt: kept.filename });
  const canOpen = kept.is_here || isWebLink(kept.href);
  return make(canOpen ? "a" : "span", { class: "file", ...(canOpen && { href: kept.href, target: "_blank", rel: "noopener noreferrer" }) }, icon("clip"), make("bdi", {}, kept.filename));
}

function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]+)/g).map((part) =>
    isWebLink(part) ? make("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part,
  );
}

function meta(message) {
  const hasFailed = FAILED.has(message.status);
  const mark = hasFailed ? "!" : TICKS[message.status] || "";
  const words = hasFailed ? [t("failed"), message.error_code, message.error].filter(Boolean).join(" · ") : t(message.status);
  const tick = mark && make("span", { class: `tick ${message.status}`, role: "img", "aria-label": words, title: words }, mark);
  const pieces = hasFailed || message.error ? [hasFailed ? t("failed") : words, message.error_code, message.error].filter(Boolean) : [];
  const reason = pieces.length && make("span", { class: "why" }, ...pieces.map((piece) => make("bdi", {}, String(piece))));
  return make("p", { class: hasFailed ? "meta bad" : "meta" }, reason || "", make("time", { datetime: message.at }, clock(message.at)), tick || "");
}

function actions(message, onReply, onReact) {
  const box = make("div", { class: "actions-inline" });
  box.append(make("button", { type: "button", class: "icon small", "aria-label": t("reply"), title: t("reply"), onclick: () => onReply(message) }, icon("reply", "mirror")));
  if (onReact)
    box.append(make("button", { type: "button", class: "icon small", "aria-label": `${t("react")} 👍`, title: `${t("react")} 👍`, onclick: () => onReact(message, "👍") }, "👍"));
  return box;
}

function choiceButtons(message, onChoice, onList) {
  if (!message.choices.length || message.author === "customer") return null;
  if (message.choices[0].kind === "row")
    return make("div", { class: "choices" }, make("button", { type: "button", class: "choice", onclick: () => onList(message) }, icon("list"), make("span", { dir: "auto" }, message.list_label)));
  const buttons = message.choices.map((choice) =>
    choice.kind === "link"
      ? make(isWebLink(choice.url) ? "a" : "span", { class: "choice", dir: "auto", ...(isWebLink(choice.url) && { href: choice.url, target: "_blank", rel: "noopener noreferrer" }) }, choice.label)
      : make("button", { type: "button", class: "choice", dir: "auto", onclick: () => onChoice(message, choice) }, choice.label),
  );
  return make("div", { class: "choices" }, ...buttons);
}
