// Package emulator is a strict Bot API server on loopback, with the people who
// write to the bot. The demo, the tests and the load harness run the real bot
// against it; no production package imports it.
//
// It has three sides:
//
//   - the Bot API ([Server.API]): /bot<token>/<method> and /file/bot<token>/<path>.
//     Every call is checked against data/bot-api.json (Bot API 10.1 as data) and
//     against Telegram's limits before anything happens.
//   - the world ([Server.NewPerson], [Server.NewGroup], [Server.NewChannel]):
//     what people do becomes updates, what the bot does is what people see.
//   - the chat page ([Server.Page]): a messenger in the browser on a control API
//     that only pages from the same loopback address can use.
//
// # Where it is stricter than Telegram
//
// Telegram ignores unknown fields, reads numbers out of JSON strings and leaves
// a bare & in HTML alone. Here each is refused, because in a bot each is a
// mistake. A second answer to one callback query is refused too.
//
// # Where it is looser
//
// Webhooks may be plain http on loopback. Rate limits are not enforced: ask for
// a 429 with [Server.Fail]. Unknown names in allowed_updates are ignored, as
// Telegram does.
//
// # What is emulated
//
// The methods in [Server.Emulated] change or show the world. Every other method
// of the Bot API is validated in full and then refused with error 501
// "Not Implemented: … is not emulated": nothing is answered that did not happen.
// The parse modes Markdown and MarkdownV2 are refused the same way.
package emulator
