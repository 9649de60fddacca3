// The list of a chat's messages: what is shown, in which order, and where it is
// scrolled to. Messages are merged by id, so that loading the chat again after a
// broken connection never shows one twice.

import { bubble } from "./bubble.js";
import { h, role } from "./dom.js";
import { dayKey, dayName } from "./time.js";

const NEAR = 90; // pixels from the end that still count as being at the end
const HINT = 40; // pixels hidden below from which the way down is shown
const GAP = 8; // pixels above an answer that is read from its beginning
const TYPING_SHOWS = 6000; // milliseconds; Telegram shows it about as long

export class Log {
  constructor(pane, chat) {
    this.chat = chat;
    this.messages = new Map();
    this.list = role(pane, "messages");
    this.typing = role(pane, "typing");
    this.toBottom = role(pane, "to-bottom");
    this.unseenBadge = role(pane, "unseen");
    this.unseen = 0;
    this.stuck = true; // follows what comes
    this.answer = null; // the bot's answer that is being read
    this.follow();
  }

  // replace makes the list hold exactly these messages.
  replace(messages) {
    this.list.setAttribute("aria-live", "off"); // history is not news
    const kept = new Set(messages.map(({ id }) => String(id)));
    for (const id of [...this.messages.keys()]) {
      if (!kept.has(id)) this.remove(id);
    }
    for (const message of messages) this.put(message);
    requestAnimationFrame(() => this.list.setAttribute("aria-live", "polite"));
  }

  // put shows a message: anew, or in place of what its id showed before. It
  // reports whether the message is a new one.
  put(message) {
    const id = String(message.id);
    const shown = JSON.stringify(message);
    const before = this.messages.get(id);
    if (before?.shown === shown) return false;
    const element = bubble(message, this.chat);
    if (before) this.swap(before.element, element, message);
    else this.insert(element, message);
    this.messages.set(id, { message, shown, element });
    if (message.from === "bot") this.showTyping(false);
    return !before;
  }

  // arrived is put for news: it follows the person's own messages to the end and
  // counts what came in while they were reading further up.
  arrived(message) {
    if (!this.put(message)) return false;
    this.messages.get(String(message.id)).element.classList.add("is-new");
    if (message.from === "me") {
      this.scrollToEnd();
      return true;
    }
    const { element } = this.messages.get(String(message.id));
    if (this.stuck) this.answer ??= element;
    if (this.answer !== element && this.left > NEAR) this.countUnseen(this.unseen + 1);
    return true;
  }

  remove(id) {
    const known = this.messages.get(String(id));
    if (!known) return;
    known.element.remove();
    this.messages.delete(String(id));
    for (const day of this.list.querySelectorAll(".day")) {
      if (!day.nextElementSibling?.matches(".msg")) day.remove();
    }
  }

  // render draws everything again, in another language.
  render() {
    for (const day of this.list.querySelectorAll(".day")) day.remove();
    const known = [...this.messages.values()].map(({ message }) => message);
    for (const { element } of this.messages.values()) element.remove();
    this.messages.clear();
    this.replace(known);
    if (this.stuck) this.scrollToEnd();
  }

  get empty() { return this.messages.size === 0; }

  // lastOf returns the newest message that suits, or undefined.
  lastOf(suits) {
    return [...this.messages.values()].map(({ message }) => message)
      .sort((a, b) => a.id - b.id).findLast(suits);
  }

  showTyping(on) {
    clearTimeout(this.typingTimer);
    this.typing.hidden = !on;
    this.chat.typing(on);
    if (on) this.typingTimer = setTimeout(() => this.showTyping(false), TYPING_SHOWS);
  }

  scrollToEnd() {
    this.resume();
    this.list.scrollTop = this.list.scrollHeight;
    this.countUnseen(0);
    this.toBottom.hidden = true;
  }

  // resume follows again what comes next: the person has asked for it.
  resume() {
    this.stuck = true;
    this.answer = null;
  }

  // swap keeps the keyboard's place: whoever pressed a button under a message
  // that the bot then edits goes on among that message's new buttons.
  swap(before, after, message) {
    if (message.from === "bot" && this.stuck) this.answer = after;
    const focused = before.contains(document.activeElement);
    before.replaceWith(after);
    if (focused) (after.querySelector("[data-button]") ?? after).focus({ preventScroll: true });
  }

  insert(element, message) {
    const later = [...this.messages.values()].filter((known) => known.message.id > message.id);
    const next = later.reduce((first, known) => (!first || known.message.id < first.message.id ? known : first), null);
    const place = next?.element ?? this.typing;
    place.before(element);
    const previous = element.previousElementSibling;
    if (previous?.dataset.day !== dayKey(message.date)) {
      element.before(h("p", { class: "day", "data-day": dayKey(message.date) },
        h("span", {}, dayName(message.date, this.chat.lang))));
    }
  }

  // left is how far below the view the end is.
  get left() {
    return this.list.scrollHeight - this.list.clientHeight - this.list.scrollTop;
  }

  // target is where the list stands while it follows: at the end, but not past
  // the beginning of an answer, so that long first aid is read from its top.
  get target() {
    const end = this.list.scrollHeight - this.list.clientHeight;
    return this.answer?.isConnected ? Math.max(0, Math.min(end, this.answer.offsetTop - GAP)) : end;
  }

  // follow keeps that place as messages come, as pictures load, and as the
  // keyboard of a phone opens.
  follow() {
    const keep = () => {
      if (this.stuck) this.list.scrollTop = this.target;
      this.showWayDown();
    };
    new ResizeObserver(keep).observe(this.list);
    new MutationObserver(keep).observe(this.list, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] });
    this.list.addEventListener("load", keep, true);
    this.list.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.toBottom.addEventListener("click", () => {
      this.scrollToEnd();
      this.list.focus({ preventScroll: true });
    });
  }

  scrolled() {
    if (this.list.clientHeight === 0) return; // a hidden tab scrolls nowhere
    if (this.list.scrollTop > this.target + GAP) this.answer = null; // read on by hand
    this.stuck = this.target - this.list.scrollTop < NEAR;
    this.showWayDown();
  }

  showWayDown() {
    if (this.list.clientHeight === 0) return;
    this.toBottom.hidden = this.left < HINT;
    if (this.toBottom.hidden) this.countUnseen(0);
  }

  countUnseen(count) {
    this.unseen = count;
    this.unseenBadge.hidden = count === 0;
    this.unseenBadge.textContent = count;
  }
}
