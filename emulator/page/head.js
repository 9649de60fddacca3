// The head of a chat: the bot's name, what it does just now, the person's
// language in Telegram, and the menu that blocks the bot.

import { popup, role } from "./dom.js";
import { word } from "./labels.js";

export class Head {
  // chat gives lang; chooseLanguage(code) and block(bool) are what the person
  // may do here.
  constructor(pane, chat, { chooseLanguage, block }) {
    this.pane = pane;
    this.chat = chat;
    this.name = role(pane, "bot");
    this.status = role(pane, "status");
    this.languages = [...role(pane, "language").querySelectorAll("[data-language]")];
    this.about = "";
    this.typing = false;
    this.connected = false;
    popup(role(pane, "more"), role(pane, "more-menu"));
    role(pane, "block").addEventListener("click", () => block(true));
    role(pane, "unblock").addEventListener("click", () => block(false));
    for (const button of this.languages) {
      button.addEventListener("click", () => chooseLanguage(button.dataset.language));
    }
  }

  // showBot takes the bot's {name, username, description}.
  showBot(bot) {
    this.name.textContent = bot.name;
    this.about = `@${bot.username}`;
    role(this.pane, "intro-name").textContent = bot.name;
    role(this.pane, "intro-text").textContent = bot.description ?? "";
    this.showStatus();
  }

  showLanguage(code) {
    for (const button of this.languages) {
      button.setAttribute("aria-pressed", String(button.dataset.language === code));
    }
    this.showStatus();
  }

  // showStatus takes what has changed of {connected, typing}.
  showStatus(changed = {}) {
    Object.assign(this, changed);
    const { connected, typing, about } = this;
    this.status.textContent = !connected ? word(this.chat.lang, "connecting") : typing ? word(this.chat.lang, "typing") : about;
    this.status.classList.toggle("busy", typing || !connected);
  }

  showBlocked(blocked) {
    role(this.pane, "blocked").hidden = !blocked;
    this.pane.classList.toggle("is-blocked", blocked);
  }
}
