// grammY as its guide shows it: a webhook over node:http, or long polling.
"use strict";
const { createServer } = require("node:http");
const { Bot, webhookCallback } = require("grammy");
const s = require("./lookup");

const client = { apiRoot: s.api };
if (s.ride) client.canUseWebhookReply = (method) => method === "sendMessage";
const bot = new Bot(s.token, { client });
bot.on("message:text", (ctx) => ctx.reply(s.answer(ctx.message.text)));
if (s.webhook) {
  createServer(webhookCallback(bot, "http", { secretToken: s.secret })).listen(s.port, s.host);
} else {
  bot.start();
}
