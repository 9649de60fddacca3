// Ready-made things to send, so that a visitor sees at once what the bot can do.
// The values are made up: no such card, account or caller is meant.

import { h, role } from "./dom.js";
import { word } from "./labels.js";

// showSamples fills the row of chips. fill(text, mode) puts one into the input.
export function showSamples(pane, lang, fill) {
  const samples = [
    { text: "8 701 123 45 67" },
    { label: word(lang, "sampleScam"), text: word(lang, "scam"), mode: { forward: word(lang, "stranger") } },
    { label: word(lang, "sampleCard"), text: "4400 4300 0000 1237" },
    { label: word(lang, "sampleAccount"), text: "KZ86125KZT5004100100" },
    { text: "/report" },
    { text: "7111" },
  ];
  role(pane, "samples").replaceChildren(...samples.map(({ label, text, mode }, at) => {
    const chip = h("button", { type: "button", class: "chip", "data-sample": at + 1 }, label ?? text);
    chip.addEventListener("click", () => fill(text, mode ?? null));
    return chip;
  }));
}
