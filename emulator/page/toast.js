// What the bot answers to a pressed button: a short notice over the chat, or an
// alert that stays until it is closed.

import { role } from "./dom.js";

const SHOWS = 4500; // milliseconds

export class Toast {
  constructor(pane) {
    this.notice = role(pane, "toast");
    this.dialog = role(pane, "alert");
    this.text = role(pane, "alert-text");
    this.notice.addEventListener("click", () => this.hide());
  }

  show(text) {
    clearTimeout(this.timer);
    this.notice.hidden = false;
    this.notice.textContent = text;
    this.timer = setTimeout(() => this.hide(), SHOWS);
  }

  hide() {
    this.notice.hidden = true;
    this.notice.textContent = "";
  }

  alert(text) {
    this.text.textContent = text;
    if (!this.dialog.open) this.dialog.showModal();
  }
}
