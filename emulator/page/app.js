// The demo's page: two people side by side, each with their own chat; on a
// narrow screen one at a time, with tabs.

import { addPerson, listPeople } from "./api.js";
import { h, role } from "./dom.js";
import { Pane } from "./pane.js";

// Roles, not names: the demo has no real people.
const ROLES = [
  { name: "Тұрғын · Житель", language: "kk" },
  { name: "Көрші · Сосед", language: "ru" },
];
const RETRY = 1500; // milliseconds
const PATIENCE = 4000; // milliseconds without the server before the page says so
let silence = 0; // the timer of that patience, 0 = none

async function start() {
  const people = await untilAnswered(twoPeople);
  const panes = role(document, "panes");
  const tabs = role(document, "tabs");
  people.forEach((person, at) => {
    const element = document.importNode(document.getElementById("pane").content, true).firstElementChild;
    panes.append(element);
    const tab = makeTab(person, at + 1);
    tabs.append(tab);
    tab.addEventListener("click", () => select(at));
    new Pane(element, at + 1, person, { news: () => count(tab), online: setOnline });
  });
  tabs.addEventListener("keydown", arrows);
  select(0);
}

// twoPeople finds the demo's two people, or creates those that are missing.
async function twoPeople() {
  const people = ((await listPeople()) ?? []).slice(0, ROLES.length);
  for (const { name, language } of ROLES.slice(people.length)) {
    people.push(await addPerson(name, language));
  }
  return people;
}

async function untilAnswered(work) {
  for (;;) {
    try {
      const answer = await work();
      setOnline(true);
      return answer;
    } catch {
      setOnline(false);
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
  }
}

// setOnline shows that the server is gone, but not for a short break.
function setOnline(online) {
  const notice = role(document, "offline");
  if (online) {
    clearTimeout(silence);
    silence = 0;
    notice.hidden = true;
  } else if (!silence) {
    silence = setTimeout(() => { notice.hidden = false; }, PATIENCE);
  }
}

function makeTab(person, slot) {
  return h("button", { type: "button", role: "tab", id: `tab-${slot}`, "data-tab": slot, "aria-controls": `pane-${slot}` },
    h("span", {}, person.name),
    h("span", { class: "badge", "data-role": "unread", hidden: true }));
}

// select shows one pane on a narrow screen; a wide one shows both anyway.
function select(at) {
  document.querySelectorAll("[data-tab]").forEach((tab, i) => {
    tab.setAttribute("aria-selected", String(i === at));
    tab.tabIndex = i === at ? 0 : -1;
    if (i === at) clear(tab);
  });
  document.querySelectorAll("[data-pane]").forEach((pane, i) => pane.classList.toggle("is-current", i === at));
}

function arrows(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = [...document.querySelectorAll("[data-tab]")];
  const next = (all.indexOf(document.activeElement) + step + all.length) % all.length;
  select(next);
  all[next].focus();
}

// count marks a tab whose chat has news out of sight.
function count(tab) {
  if (tab.getAttribute("aria-selected") === "true") return;
  const badge = role(tab, "unread");
  badge.textContent = Number(badge.textContent || 0) + 1;
  badge.hidden = false;
}

function clear(tab) {
  const badge = role(tab, "unread");
  badge.textContent = "";
  badge.hidden = true;
}

start();
