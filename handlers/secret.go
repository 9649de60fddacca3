package handlers

import (
	"context"
	"strconv"
	"strings"

	"saqbol/locales"
)

// deleteMessage answers del:<message id>: it deletes the person's own message,
// which holds a card's number, a code or a password.
func (r *Router) deleteMessage(ctx context.Context, t Turn) (Reply, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(t.Button, "del:"), 10, 64)
	if err != nil || id <= 0 {
		return stale(ctx, t)
	}
	return Reply{Delete: id, Toast: locales.M("secret.deleted")}, nil
}
