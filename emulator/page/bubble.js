// One message of the chat as an element.

import { h, icon, safeURL } from "./dom.js";
import { word } from "./labels.js";
import { plainText, richText } from "./rich.js";
import { clock, dayKey, size } from "./time.js";

// bubble builds a message's element. chat gives the language and what taps do:
// chat.lang, chat.command(text), chat.copy(text), chat.press(message, button,
// element), chat.edit(message).
export function bubble(message, chat) {
  const mine = message.from === "me";
  const body = h("div", { class: "bubble" },
    h("span", { class: "away" }, word(chat.lang, mine ? "me" : "botSays")),
    forwarded(message, chat),
    ...media(message, chat),
    words(message, chat),
    meta(message, chat, mine));
  const made = h("article", {
    class: `msg${message.sticker ? " is-sticker" : ""}${message.photo ? " is-photo" : ""}`,
    "data-message": message.id,
    "data-from": message.from,
    "data-day": dayKey(message.date),
    tabindex: "-1",
  }, body, inlineButtons(message, chat));
  if (mine && editable(message)) made.prepend(editButton(message, chat));
  return made;
}

// editable says whether a person may change a message of theirs: Telegram lets
// texts be edited, but neither stickers and contacts nor what was forwarded.
export function editable(message) {
  return Boolean(message.text) && !message.sticker && !message.contact && !message.forwarded_from &&
    !message.photo && !message.document && !message.voice;
}

function forwarded(message, chat) {
  if (!message.forwarded_from) return null;
  return h("p", { class: "forwarded" }, word(chat.lang, "forwardedFrom"), " ", h("b", {}, message.forwarded_from));
}

function media(message, chat) {
  const parts = [];
  if (message.photo) parts.push(photo(message.photo, chat));
  if (message.document) parts.push(file(message.document, chat));
  if (message.voice) parts.push(voice(chat));
  if (message.contact) parts.push(contact(message.contact));
  if (message.sticker) parts.push(h("span", { class: "sticker" }, message.sticker));
  return parts;
}

function photo(address, chat) {
  const src = safeURL(address, ["http:", "https:"]);
  return h("img", { class: "photo", src, alt: word(chat.lang, "photo"), loading: "lazy" });
}

function file(document, chat) {
  const href = safeURL(document.url ?? "", ["http:", "https:"]);
  const inner = [
    h("span", { class: "file-icon" }, icon(href ? "download" : "file")),
    h("span", { class: "file-about" }, h("b", {}, document.name), h("small", {}, size(document.size))),
  ];
  if (!href) return h("span", { class: "file" }, ...inner);
  return h("a", {
    class: "file", href, download: document.name, "data-role": "download",
    "aria-label": `${word(chat.lang, "download")}: ${document.name}`,
  }, ...inner);
}

function voice(chat) {
  const wave = h("span", { class: "wave", "aria-hidden": "true" });
  for (let i = 0; i < 24; i++) wave.append(h("i"));
  return h("span", { class: "file" },
    h("span", { class: "file-icon" }, icon("voice")),
    h("span", { class: "file-about" }, wave, h("small", {}, word(chat.lang, "voiceMessage"))));
}

function contact({ name, phone }) {
  return h("span", { class: "file" },
    h("span", { class: "file-icon" }, icon("person")),
    h("span", { class: "file-about" }, h("b", {}, name), h("small", {}, phone)));
}

// words is the text or the caption. Only the bot's own HTML is read as HTML; a
// person's text stays a text, whatever signs stand in it.
function words(message, chat) {
  const html = message.from === "bot" ? message.html || message.caption_html : "";
  const text = message.text || message.caption;
  if (!html && !text) return null;
  const body = h("div", { class: "text", dir: "auto" });
  body.append(html ? richText(html, chat) : plainText(text, chat));
  return body;
}

function meta(message, chat, mine) {
  return h("span", { class: "meta" },
    message.edited ? h("span", { class: "edited" }, word(chat.lang, "edited")) : null,
    h("time", { datetime: new Date(message.date * 1000).toISOString() }, clock(message.date)),
    mine ? icon("checks") : null);
}

function editButton(message, chat) {
  const label = word(chat.lang, "edit");
  const button = h("button", { type: "button", class: "round edit", "data-role": "edit", "aria-label": label, title: label }, icon("edit"));
  button.addEventListener("click", () => chat.edit(message));
  return button;
}

function inlineButtons(message, chat) {
  if (!message.buttons?.length) return null;
  return h("div", { class: "buttons" }, ...message.buttons.map((row) =>
    h("div", { class: "row" }, ...row.map((button) => inlineButton(message, button, chat)))));
}

function inlineButton(message, button, chat) {
  if (button.url) {
    const href = safeURL(button.url);
    return h("a", { class: "inline", href, target: "_blank", rel: "noopener noreferrer", "data-button": button.url },
      button.text, icon("open"));
  }
  const made = h("button", { type: "button", class: "inline", "data-button": button.data ?? button.copy ?? "" }, button.text);
  made.addEventListener("click", () => (button.copy ? chat.copy(button.copy) : chat.press(message, button, made)));
  return made;
}
