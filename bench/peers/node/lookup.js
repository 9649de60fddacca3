// What the Node peers have in common: the one plain lookup and the settings.
"use strict";
const { createHash } = require("node:crypto");
const Database = require("better-sqlite3");

const statement = new Database(process.env.DB, { readonly: true }).prepare("SELECT reporters FROM subjects WHERE subject = ?");

// answer is the answer to a text that is a telephone number.
function answer(text) {
  let digits = text.replace(/\D/g, "");
  if (digits.length === 11 && digits[0] === "8") digits = "7" + digits.slice(1);
  const number = "+" + digits;
  const row = statement.get(createHash("sha256").update(number).digest().subarray(0, 16));
  return row ? `${number}: ${row.reporters} people have reported it` : `${number}: nobody has reported it`;
}

const [host, port] = (process.env.LISTEN || "127.0.0.1:0").split(":");
module.exports = {
  answer, host, port: Number(port),
  token: process.env.TOKEN, api: process.env.API, path: process.env.HOOK, secret: process.env.SECRET,
  webhook: process.env.MODE !== "polling", ride: Boolean(process.env.RIDE),
};
