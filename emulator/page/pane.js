// One person's side of the demo: their chat with the bot, from the event stream
// to the last button. It ties the parts together; each part has its own module.

import { Chat } from "./api.js";
import { Attach } from "./attach.js";
import { Commands } from "./commands.js";
import { Composer } from "./composer.js";
import { role } from "./dom.js";
import { editable } from "./bubble.js";
import { Head } from "./head.js";
import { Keyboard } from "./keyboard.js";
import { applyLabels, pageLanguage, word } from "./labels.js";
import { Log } from "./log.js";
import { showSamples } from "./samples.js";
import { follow } from "./stream.js";
import { Toast } from "./toast.js";

const BUTTON_WAITS = 5000; // milliseconds a pressed button shows that it works

export class Pane {
  // slot is 1 or 2; news() is called when the bot writes; online(bool) tells
  // whether the server answers.
  constructor(element, slot, person, { news, online }) {
    this.element = element;
    this.person = person;
    this.news = news;
    this.online = online;
    this.api = new Chat(person.id);
    this.prepare(slot);
    this.toast = new Toast(element);
    this.head = new Head(element, this, {
      chooseLanguage: (code) => this.chooseLanguage(code),
      block: (blocked) => this.block(blocked),
    });
    this.log = new Log(element, this.actions());
    // The commands come before the composer: their list sees each key first.
    this.commands = new Commands(element, {
      choose: (text) => this.chooseCommand(text),
      complete: (text) => this.composer.fill(text),
    });
    this.composer = new Composer(element, this, {
      send: (text, mode) => this.send(text, mode),
      editLast: () => this.editLast(),
    });
    this.attach = new Attach(element, this, this.senders());
    this.keyboard = new Keyboard(element, {
      press: (text) => this.say(text),
      share: () => this.attach.askContact(this.person.name),
    });
    role(element, "start").addEventListener("click", () => this.say("/start"));
    this.setLanguage(person.language_code);
    follow(this.api, {
      onChat: (chat) => this.show(chat),
      onEvent: (event) => this.handle(event),
      onState: (connected) => this.setConnected(connected),
      onGone: () => setTimeout(() => location.reload(), 1000), // a new demo has new people
    });
  }

  get lang() { return pageLanguage(this.person.language_code); }

  // prepare gives the template's parts names of their own in this page.
  prepare(slot) {
    this.element.dataset.pane = slot;
    this.element.dataset.ready = "0";
    this.element.id = `pane-${slot}`;
    this.element.setAttribute("aria-label", this.person.name);
    role(this.element, "person").textContent = this.person.name;
    for (const part of this.element.querySelectorAll("[data-id]")) part.id = `pane-${slot}-${part.dataset.id}`;
    for (const part of this.element.querySelectorAll("[data-controls]")) {
      part.setAttribute("aria-controls", `pane-${slot}-${part.dataset.controls}`);
    }
  }

  // actions is what messages can do; see bubble.js.
  actions() {
    const pane = this;
    return {
      get lang() { return pane.lang; },
      command: (text) => this.say(text),
      copy: (text) => this.copy(text),
      press: (message, button, element) => this.press(message, button, element),
      edit: (message) => this.composer.fill(message.text, { edit: message }),
      typing: (typing) => this.head.showStatus({ typing }),
    };
  }

  senders() {
    const send = (work) => this.attempt(work).catch(() => {});
    return {
      file: (kind, file, caption) => send(() => this.api.file(kind, file, caption)),
      contact: (name, phone) => send(() => this.api.contact(name, phone)),
      forward: (text, from) => send(() => this.api.forward(text, from)),
      sticker: (emoji) => send(() => this.api.sticker(emoji)),
    };
  }

  setConnected(connected) {
    this.element.dataset.ready = connected ? "1" : "0";
    this.online(connected);
    this.head.showStatus({ connected });
  }

  show(chat) {
    this.person = { ...this.person, ...chat.person };
    this.head.showBot(chat.bot);
    if (this.shownLanguage !== this.person.language_code) this.setLanguage(this.person.language_code);
    this.commands.set(chat.commands);
    this.log.replace(chat.messages ?? []);
    this.keyboard.set(chat.keyboard);
    this.head.showBlocked(Boolean(chat.person.blocked));
    this.showIntro();
  }

  handle(event) {
    switch (event.type) {
      case "message":
        if (this.log.arrived(event.message) && event.message.from === "bot") this.news();
        break;
      case "edit":
        this.log.put(event.message);
        break;
      case "delete":
        this.log.remove(event.message_id);
        break;
      case "toast":
        if (event.text) (event.alert ? this.toast.alert(event.text) : this.toast.show(event.text));
        break;
      case "typing":
        this.log.showTyping(true);
        return;
      case "keyboard":
      case "commands":
        this.refresh();
        return;
    }
    this.settle();
    this.showIntro();
  }

  // refresh reads what an event only announces: the keyboard and the commands.
  async refresh() {
    const chat = await this.api.load().catch(() => null);
    if (!chat) return;
    this.keyboard.set(chat.keyboard);
    this.commands.set(chat.commands);
  }

  // ---- what the person does

  say(text) {
    return this.attempt(() => this.api.send(text)).catch(() => {});
  }

  send(text, mode) {
    if (mode?.edit) return this.attempt(() => this.api.edit(mode.edit.id, text));
    if (mode?.forward) return this.attempt(() => this.api.forward(text, mode.forward));
    return this.attempt(() => this.api.send(text));
  }

  // chooseCommand sends a command picked from the list; what led to it in the
  // input goes, anything else written there stays.
  chooseCommand(text) {
    if (this.composer.input.value.startsWith("/")) this.composer.fill("");
    this.say(text);
  }

  editLast() {
    const message = this.log.lastOf((m) => m.from === "me" && editable(m));
    if (message) this.composer.fill(message.text, { edit: message });
  }

  press(message, button, element) {
    this.log.resume();
    element.dataset.waiting = "1";
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.settle(), BUTTON_WAITS);
    this.attempt(() => this.api.press(message.id, button.data)).catch(() => this.settle());
  }

  settle() {
    for (const button of this.element.querySelectorAll("[data-waiting]")) delete button.dataset.waiting;
  }

  async block(blocked) {
    await this.attempt(() => this.api.block(blocked)).then(() => this.head.showBlocked(blocked), () => {});
  }

  async chooseLanguage(code) {
    const before = this.person.language_code;
    this.setLanguage(code);
    await this.attempt(() => this.api.setLanguage(code)).then(() => this.refresh(), () => this.setLanguage(before));
  }

  // attempt does a piece of work on the server and says so where it failed.
  async attempt(work) {
    try {
      return await work();
    } catch (error) {
      this.notify(`${word(this.lang, "failed")} ${error.status ? error.message : ""}`.trim());
      throw error;
    }
  }

  // copy says so only where it did copy: a page without permission can't.
  copy(text) {
    navigator.clipboard?.writeText(text).then(() => this.notify(word(this.lang, "copied")), () => {});
  }

  notify(text) { this.toast.show(text); }

  // ---- what is shown

  setLanguage(code) {
    this.person.language_code = code;
    this.shownLanguage = code;
    this.element.lang = this.lang;
    applyLabels(this.element, this.lang);
    this.head.showLanguage(code);
    showSamples(this.element, this.lang, (text, mode) => this.composer.fill(text, mode));
    this.composer.relabel();
    this.log.render();
  }

  showIntro() {
    role(this.element, "intro").hidden = !this.log.empty;
  }
}
