// telegraf as its README shows it: a webhook over node:http, or long polling.
"use strict";
const { createServer } = require("node:http");
const { Telegraf } = require("telegraf");
const s = require("./lookup");

const bot = new Telegraf(s.token, { telegram: { apiRoot: s.api, webhookReply: s.ride } });
bot.on("text", (ctx) => ctx.reply(s.answer(ctx.message.text)));
if (s.webhook) {
  createServer(bot.webhookCallback(s.path, { secretToken: s.secret })).listen(s.port, s.host);
} else {
  bot.launch();
}
