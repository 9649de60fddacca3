// Package bot is the edge to Telegram: updates in by polling or by webhook, in
// order per chat; answers out, paced, retried and in order per chat. It turns
// Telegram's types into handlers.Input and handlers.Reply into calls, and is the
// only package that knows the Bot API.
//
// An update is acknowledged after its effect is committed, together with the
// answers that must not be lost (the outbox). An update that changes nothing is
// acknowledged once its answer has been delivered or, where Telegram can't take
// it now, once the answer stands in the outbox.
package bot
