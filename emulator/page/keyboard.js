// The reply keyboard: the buttons a bot puts in place of the phone's keyboard.

import { h, role } from "./dom.js";

const NARROW = "(max-width: 759px)"; // as in style.css

export class Keyboard {
  // press(text) sends a button's text; share() asks for the person's contact.
  constructor(pane, { press, share }) {
    this.area = role(pane, "keyboard");
    this.toggle = role(pane, "keyboard-toggle");
    this.onPress = press;
    this.onShare = share;
    this.toggle.addEventListener("click", () => this.show(this.area.hidden));
    // On a phone there is room for one keyboard: typing folds this one away.
    role(pane, "input").addEventListener("focus", () => {
      if (matchMedia(NARROW).matches) this.show(false);
    });
  }

  // set shows this keyboard, {keyboard: [[{text, request_contact}]]}, or none where
  // it is null.
  set(markup) {
    const rows = markup?.keyboard ?? [];
    const shown = JSON.stringify(rows);
    if (shown === this.shown) return; // don't open again what the person has folded away
    this.shown = shown;
    this.area.replaceChildren(...rows.map((row) =>
      h("div", { class: "row" }, ...row.map((button) => this.button(button)))));
    this.toggle.hidden = rows.length === 0;
    this.show(rows.length > 0);
  }

  show(open) {
    this.area.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
  }

  button({ text, request_contact: contact }) {
    const made = h("button", { type: "button", "data-key": text, "data-request-contact": contact }, text);
    made.addEventListener("click", () => (contact ? this.onShare() : this.onPress(text)));
    return made;
  }
}
