// Small tools for building the page without ever parsing markup: text goes in
// as text nodes only, so that nothing a person types can become an element.

const SVG = "http://www.w3.org/2000/svg";

// h makes an element. Attributes whose value is null, undefined or false are
// left out; children may be nodes, strings or nothing.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// icon shows one of the symbols drawn at the end of index.html.
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

// role finds the element with that data-role below root.
export function role(root, name) {
  const element = root.querySelector(`[data-role="${name}"]`);
  if (!element) throw new Error(`the page has no data-role="${name}"`);
  return element;
}

// safeURL returns address if it is one the page may open or load, else null.
// Everything else (javascript:, data:, file: …) is dropped.
export function safeURL(address, schemes = ["http:", "https:", "mailto:", "tel:", "tg:"]) {
  try {
    const url = new URL(address, location.href);
    return schemes.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// popup ties a button to a small menu: opens, closes on Escape, on a choice and
// on a click elsewhere, and moves between its buttons with the arrows.
export function popup(button, menu) {
  const show = (open) => {
    if (menu.hidden === !open) return;
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) menu.querySelector("button")?.focus({ preventScroll: true });
  };
  button.addEventListener("click", () => show(menu.hidden));
  menu.addEventListener("click", (event) => {
    if (event.target.closest("button")) show(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target) && !button.contains(event.target)) show(false);
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      show(false);
      button.focus();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll("button")];
    const at = items.indexOf(document.activeElement);
    items[(at + step + items.length) % items.length].focus();
  });
}
