// The attach menu: files, a contact, a forwarded text, a sticker. Each opens a
// dialog or the browser's own file chooser.

import { h, popup, role } from "./dom.js";
import { word } from "./labels.js";

const LARGEST = 20 * 1024 * 1024; // what a bot may download from Telegram
const STICKERS = ["🙂", "😂", "😢", "😡", "👍", "🙏", "❤️", "🎉", "😱", "🤔", "👋", "🐫"];
const SAMPLE_PHONE = "+7 701 123 45 67";

export class Attach {
  // chat gives lang and notify(text); act holds what is done with the result:
  // file(kind, file, caption), contact(name, phone), forward(text, from),
  // sticker(emoji). All but notify return promises.
  constructor(pane, chat, act) {
    this.pane = pane;
    this.chat = chat;
    this.act = act;
    popup(role(pane, "attach"), role(pane, "attach-menu"));
    for (const kind of ["photo", "document", "voice"]) this.wireFile(kind);
    role(pane, "contact").addEventListener("click", () => this.askContact(word(chat.lang, "unknownContact")));
    role(pane, "forward").addEventListener("click", () => this.askForward());
    role(pane, "sticker").addEventListener("click", () => role(pane, "sticker-dialog").showModal());
    this.wireDialog("file-dialog", () => this.sendFile());
    this.wireDialog("contact-dialog", () => this.sendContact());
    this.wireDialog("forward-dialog", () => this.sendForward());
    this.wireDialog("sticker-dialog", () => {});
    this.wireStickers();
    this.wirePasteAndDrop();
  }

  // askContact opens the dialog that shares a contact, with a name to start from.
  askContact(name) {
    role(this.pane, "contact-name").value = name;
    role(this.pane, "contact-phone").value = SAMPLE_PHONE;
    role(this.pane, "contact-dialog").showModal();
    role(this.pane, "contact-phone").select();
  }

  askForward() {
    role(this.pane, "forward-from").value = word(this.chat.lang, "stranger");
    role(this.pane, "forward-text").value = word(this.chat.lang, "scam");
    role(this.pane, "forward-dialog").showModal();
    role(this.pane, "forward-text").select();
  }

  askFile(kind, file) {
    if (file.size > LARGEST) {
      this.chat.notify(word(this.chat.lang, "tooLarge"));
      return;
    }
    this.chosen = { kind, file };
    role(this.pane, "file-name").textContent = file.name;
    role(this.pane, "caption").value = "";
    this.showPreview(kind === "photo" ? file : null);
    role(this.pane, "file-dialog").showModal();
    role(this.pane, "caption").focus();
  }

  showPreview(file) {
    const image = role(this.pane, "preview");
    if (image.src) URL.revokeObjectURL(image.src);
    image.removeAttribute("src");
    image.hidden = !file;
    if (file) image.src = URL.createObjectURL(file);
  }

  sendFile() {
    const { kind, file } = this.chosen;
    this.act.file(kind, file, role(this.pane, "caption").value.trim());
    this.showPreview(null);
  }

  sendContact() {
    this.act.contact(role(this.pane, "contact-name").value.trim(), role(this.pane, "contact-phone").value.trim());
  }

  sendForward() {
    this.act.forward(role(this.pane, "forward-text").value.trim(), role(this.pane, "forward-from").value.trim());
  }

  wireFile(kind) {
    const chooser = role(this.pane, `${kind}-file`);
    role(this.pane, kind).addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      const [file] = chooser.files;
      if (file) this.askFile(kind, file);
      chooser.value = ""; // so that the same file can be chosen again
    });
  }

  wireDialog(name, submit) {
    const dialog = role(this.pane, name);
    role(dialog, "dialog-cancel").addEventListener("click", () => dialog.close());
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.close();
      submit();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // a click on the backdrop
    });
  }

  wireStickers() {
    const dialog = role(this.pane, "sticker-dialog");
    role(dialog, "stickers").append(...STICKERS.map((emoji) => {
      const button = h("button", { type: "button", "data-sticker": emoji }, emoji);
      button.addEventListener("click", () => {
        dialog.close();
        this.act.sticker(emoji);
      });
      return button;
    }));
  }

  // A picture may be pasted, and any file dropped onto the chat.
  wirePasteAndDrop() {
    const offer = (file) => file && this.askFile(file.type.startsWith("image/") ? "photo" : "document", file);
    role(this.pane, "input").addEventListener("paste", (event) => {
      const [file] = event.clipboardData.files;
      if (!file) return;
      event.preventDefault();
      offer(file);
    });
    this.pane.addEventListener("dragover", (event) => event.preventDefault());
    this.pane.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      offer(event.dataTransfer.files[0]);
    });
  }
}
