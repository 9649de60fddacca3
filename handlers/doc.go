// Package handlers holds SaqBol's conversations, one file a flow. A flow takes
// an Input and returns a Reply: what people read and what is to be stored. It
// never sees Telegram, and it only reads from the store: the edge commits the
// Reply's Change in one transaction before anything is sent, so that a crash or
// a second delivery can't split or double an effect.
package handlers
