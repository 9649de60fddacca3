// The line people write in. It sends a new message, or, in a mode shown above
// it, the new wording of an old one or a text as forwarded from somebody.

import { role } from "./dom.js";
import { word } from "./labels.js";

const TALLEST = 168; // pixels: about seven lines, then the input scrolls
const SHARE = 0.22; // of a low window's height

export class Composer {
  // send(text, mode) sends what is written; a mode is null, {edit: message} or
  // {forward: from}. It returns a promise that is rejected where it did not go.
  // editLast() asks to edit the person's last message.
  constructor(pane, chat, { send, editLast }) {
    this.chat = chat;
    this.onSend = send;
    this.onEditLast = editLast;
    this.input = role(pane, "input");
    this.form = role(pane, "composer");
    this.bar = role(pane, "mode");
    this.title = role(pane, "mode-title");
    this.about = role(pane, "mode-text");
    this.sign = this.bar.querySelector("use");
    this.mode = null;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => this.fit());
    this.input.addEventListener("keydown", (event) => this.key(event));
    // Some drivers and keyboards send the line break apart from the key.
    this.input.addEventListener("keypress", (event) => {
      if (event.key === "Enter" && !event.shiftKey) event.preventDefault();
    });
    role(pane, "mode-cancel").addEventListener("click", () => this.leaveMode());
    this.fit();
  }

  // fill puts a text into the input, ready to be sent or changed.
  fill(text, mode = null) {
    this.setMode(mode);
    this.input.value = text;
    this.fit();
    this.input.focus({ preventScroll: true });
    this.input.setSelectionRange(text.length, text.length);
  }

  setMode(mode) {
    this.mode = mode;
    this.bar.hidden = !mode;
    if (!mode) return;
    const lang = this.chat.lang;
    this.title.textContent = mode.edit ? word(lang, "editing") : word(lang, "forwarding");
    this.about.textContent = mode.edit ? mode.edit.text : mode.forward;
    this.sign.setAttribute("href", mode.edit ? "#i-edit" : "#i-forward");
  }

  leaveMode() {
    this.fill("");
  }

  // relabel redraws what labels can't reach: the bar of the mode.
  relabel() {
    this.setMode(this.mode);
  }

  async submit() {
    const text = this.input.value.trim();
    if (!text) return;
    const mode = this.mode;
    this.fill("");
    try {
      await this.onSend(text, mode);
    } catch {
      if (!this.input.value) this.fill(text, mode); // nothing written is lost
    }
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && this.mode) {
      this.leaveMode();
    } else if (event.key === "ArrowUp" && this.input.value === "") {
      event.preventDefault();
      this.onEditLast();
    }
  }

  // fit makes the input as tall as its text, up to a limit.
  fit() {
    this.input.style.height = "auto";
    const height = this.input.scrollHeight;
    const most = Math.max(44, Math.min(TALLEST, innerHeight * SHARE));
    this.input.style.height = height ? `${Math.min(height, most)}px` : "";
    this.input.classList.toggle("scrolls", height > most);
    this.form.classList.toggle("is-empty", this.input.value.trim() === "");
  }
}
