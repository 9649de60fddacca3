// Turns the bot's HTML into nodes. The server has already sanitised it; here it
// is parsed in a document that runs and loads nothing, and only Telegram's own
// tags are built anew. Whatever else stands in it becomes plain text.

import { h, safeURL } from "./dom.js";
import { word } from "./labels.js";

const PLAIN = {
  B: "b", STRONG: "b", I: "i", EM: "i", U: "u", INS: "u",
  S: "s", STRIKE: "s", DEL: "s", PRE: "pre", CODE: "code", BLOCKQUOTE: "blockquote",
};
const COMMAND = /(^|[\s(«])(\/[a-z][a-z0-9_]{0,31})(?![\w/])/g;

// richText builds the nodes for html. chat gives what its parts do:
// chat.lang, chat.command(text), chat.copy(text).
export function richText(html, chat) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return children(parsed.body, chat, false);
}

// plainText shows a text as it is, with commands that can be tapped.
export function plainText(text, chat) {
  return withCommands(text, chat);
}

function children(parent, chat, quiet) {
  const fragment = document.createDocumentFragment();
  for (const node of parent.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      fragment.append(quiet ? node.data : withCommands(node.data, chat));
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      fragment.append(element(node, chat, quiet));
    }
  }
  return fragment;
}

function element(node, chat, quiet) {
  const name = node.nodeName;
  if (name === "BR") return document.createTextNode("\n");
  if (name === "A") return link(node, chat);
  if (name === "TG-SPOILER" || (name === "SPAN" && node.classList.contains("tg-spoiler"))) {
    return spoiler(node, chat);
  }
  if (name === "SCRIPT" || name === "STYLE") return document.createTextNode("");
  const tag = PLAIN[name];
  if (!tag) return children(node, chat, quiet);
  const made = h(tag);
  made.append(children(node, chat, quiet || tag === "code" || tag === "pre"));
  if (tag === "code" && node.parentNode.nodeName !== "PRE") return copyable(made, chat);
  return made;
}

function link(node, chat) {
  const href = safeURL(node.getAttribute("href") ?? "");
  const inner = children(node, chat, true);
  if (!href) return inner;
  const made = h("a", { href, target: "_blank", rel: "noopener noreferrer" });
  made.append(inner);
  return made;
}

// spoiler hides its text until it is tapped, as Telegram does.
function spoiler(node, chat) {
  const made = h("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": word(chat.lang, "reveal") });
  made.append(children(node, chat, true));
  onActivate(made, () => {
    made.classList.add("shown");
    made.removeAttribute("role");
    made.removeAttribute("tabindex");
    made.removeAttribute("aria-label");
  });
  return made;
}

// copyable copies a code to the clipboard at a tap: report codes are in <code>.
function copyable(code, chat) {
  code.tabIndex = 0;
  code.setAttribute("role", "button");
  onActivate(code, () => chat.copy(code.textContent));
  return code;
}

function onActivate(node, act) {
  node.addEventListener("click", act);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  });
}

// withCommands makes /commands in a text into buttons that send them.
function withCommands(text, chat) {
  const fragment = document.createDocumentFragment();
  let at = 0;
  for (const match of text.matchAll(COMMAND)) {
    const start = match.index + match[1].length;
    const command = match[2];
    const button = h("button", { type: "button", class: "command" }, command);
    button.addEventListener("click", () => chat.command(command));
    fragment.append(text.slice(at, start), button);
    at = start + command.length;
  }
  fragment.append(text.slice(at));
  return fragment;
}
