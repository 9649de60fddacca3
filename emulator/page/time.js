// Times as a messenger shows them, in the reader's own time zone.

import { word } from "./labels.js";

const DAY = 24 * 60 * 60 * 1000;

// clock is the hour and minute of a message, "09:05".
export function clock(seconds) {
  const date = new Date(seconds * 1000);
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}

// dayKey is the same for two messages of one day.
export function dayKey(seconds) {
  return new Date(seconds * 1000).toDateString();
}

// dayName is what stands above a day's messages: today, yesterday or a date.
export function dayName(seconds, lang) {
  const key = dayKey(seconds);
  if (key === new Date().toDateString()) return word(lang, "today");
  if (key === new Date(Date.now() - DAY).toDateString()) return word(lang, "yesterday");
  return new Intl.DateTimeFormat(lang, { day: "numeric", month: "long" }).format(new Date(seconds * 1000));
}

// size is a file's size for people: "812 B", "3,4 KB".
export function size(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1024) return `${bytes} B`;
  const [value, unit] = bytes < 1024 * 1024 ? [bytes / 1024, "KB"] : [bytes / 1024 / 1024, "MB"];
  return `${value.toFixed(1).replace(".", ",")} ${unit}`;
}
