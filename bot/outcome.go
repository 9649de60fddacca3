package bot

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"
)

// fate is what became of a call.
type fate int

const (
	fateDone    fate = iota // delivered, or what it wanted is so already
	fateRefused             // it will never be taken
	fateGone                // the person, or the group, has shut the bot out
	fateMoved               // the group has a new id
	fateWait                // Telegram says how long to wait
	fateLater               // no answer, or the server's failure
)

// outcome is a call's fate with what belongs to it.
type outcome struct {
	fate fate
	wait time.Duration // fateWait
	chat int64         // fateMoved
}

const maxBackoff = time.Minute

// outcomeOf reads an error of perform.
func outcomeOf(err error) outcome {
	var many *tg.TooManyRequestsError
	var moved *tg.MigrateError
	var status *statusError
	switch {
	case err == nil:
		return outcome{fate: fateDone}
	case errors.As(err, &many): // errors.Is with the library's own sentinel is false
		return outcome{fate: fateWait, wait: time.Duration(max(many.RetryAfter, 1)) * time.Second}
	case errors.As(err, &moved):
		return outcome{fate: fateMoved, chat: int64(moved.MigrateToChatID)}
	case errors.Is(err, tg.ErrorForbidden):
		return outcome{fate: fateGone}
	case errors.Is(err, tg.ErrorBadRequest):
		return outcome{fate: fateRefused}
	case errors.As(err, &status) && status.code == http.StatusRequestEntityTooLarge:
		return outcome{fate: fateRefused}
	}
	// Any other page, whatever its status, is of something between Telegram and us,
	// and says nothing about the call.
	return outcome{fate: fateLater}
}

// backoff is how long to wait before the next try: doubling from half a second to
// a minute, spread by a half so that chats don't come back together.
func backoff(tries int) time.Duration {
	wait := maxBackoff
	if tries < 7 {
		wait = 500 * time.Millisecond << tries
	}
	return wait/2 + rand.N(wait/2+1)
}

// mend turns a refused call into one that may be taken: an edit into a new
// message, markup that can't be read into plain text. ok is false where nothing
// is left to try. settled means that what the call wanted is so already.
func (k call) mend(err error) (mended call, settled, ok bool) {
	if !errors.Is(err, tg.ErrorBadRequest) {
		return k, false, false
	}
	said := strings.ToLower(err.Error())
	switch {
	case k.Method == methodDelete || k.Method == methodQuery:
		return k, true, false // gone, too old, or done by a try whose answer was lost: nothing more can be done
	case k.Method == methodEdit && strings.Contains(said, "message is not modified"):
		return k, true, false
	case !k.Plain && strings.Contains(said, "can't parse entities"):
		k.Plain, k.Text = true, bare(k.Text)
		return k, false, true
	case k.Method == methodEdit:
		k.Method, k.Message = methodSend, 0
		return k, false, true
	}
	return k, false, false
}
