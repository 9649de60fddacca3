// The list of the bot's commands: opened by the menu button, or by typing "/",
// which also filters it. Focus stays in the input; the list is its listbox.

import { h, role } from "./dom.js";

export class Commands {
  // choose(text) is called with "/check" when a command is picked; complete(text)
  // when it is to be put into the input only.
  constructor(pane, { choose, complete }) {
    this.list = role(pane, "commands");
    this.button = role(pane, "menu");
    this.input = role(pane, "input");
    this.choose = choose;
    this.complete = complete;
    this.all = [];
    this.active = 0;
    this.button.addEventListener("click", () => this.toggle());
    this.input.addEventListener("input", () => this.filter());
    this.input.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("pointerdown", ({ target }) => {
      if (!this.list.contains(target) && !this.button.contains(target) && target !== this.input) this.close();
    });
  }

  set(commands) {
    this.all = commands ?? [];
    if (this.open) this.filter();
  }

  get open() { return !this.list.hidden; }

  toggle() {
    if (this.open) {
      this.close();
      return;
    }
    this.show(this.all);
    this.input.focus({ preventScroll: true });
  }

  // filter shows the commands that begin with what is typed after the slash.
  filter() {
    const typed = /^\/(\w*)$/.exec(this.input.value);
    if (!typed) {
      this.close();
      return;
    }
    const start = typed[1].toLowerCase();
    const exact = ({ command }) => Number(command === start);
    this.show(this.all.filter(({ command }) => command.startsWith(start)).sort((a, b) => exact(b) - exact(a)));
  }

  show(commands) {
    if (commands.length === 0) {
      this.close();
      return;
    }
    this.list.replaceChildren(...commands.map((command, at) => this.item(command, at)));
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.list.scrollTop = 0;
    this.mark(0);
  }

  close() {
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  item({ command, description }, at) {
    const made = h("div", { role: "option", id: `${this.list.id}-${at}`, "data-command": command },
      h("b", {}, `/${command}`), h("span", {}, description));
    made.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    made.addEventListener("click", () => this.pick(command));
    return made;
  }

  pick(command) {
    this.close();
    this.choose(`/${command}`);
  }

  mark(at) {
    const items = [...this.list.children];
    this.active = (at + items.length) % items.length;
    items.forEach((item, i) => item.setAttribute("aria-selected", String(i === this.active)));
    this.input.setAttribute("aria-activedescendant", items[this.active].id);
    items[this.active].scrollIntoView({ block: "nearest" });
  }

  // key moves in the open list. It stops the event where the list used it, so
  // that Enter picks the command instead of sending what is typed.
  key(event) {
    if (!this.open || event.isComposing) return;
    const command = this.list.children[this.active]?.dataset.command;
    const actions = {
      ArrowDown: () => this.mark(this.active + 1),
      ArrowUp: () => this.mark(this.active - 1),
      Enter: () => this.pick(command),
      Tab: () => {
        this.close();
        this.complete(`/${command} `);
      },
      Escape: () => this.close(),
    };
    if (!actions[event.key] || event.shiftKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    actions[event.key]();
  }
}
