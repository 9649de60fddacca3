package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
)

const (
	replayPage = 50              // dead letters that are handled anew at once
	replayLook = 5 * time.Second // between looks whether somebody asks for one
)

// LetterBox keeps the updates that could not be handled.
type LetterBox interface {
	// DeadLetter keeps one more.
	DeadLetter(ctx context.Context, letter fraud.DeadLetter) error
	// Replays returns those that are to be handled anew, oldest first and at most
	// limit, and how many it found that can't be read and has set aside.
	Replays(ctx context.Context, limit int) (letters []fraud.DeadLetter, aside int, err error)
	// LetterFailed notes that one failed again: it is not tried until it is asked for.
	LetterFailed(ctx context.Context, id int64, reason string) error
}

// replayer has dead letters handled anew as soon as somebody asks for it, as if
// their updates had just come: in the order of their chats, and each once, for
// what comes of it is stored together with the letter's end.
type replayer struct {
	box    LetterBox
	take   func(fraud.DeadLetter) *entry // hands a letter to the dispatcher
	log    *slog.Logger
	commit time.Duration // for one read of the store
	first  int64         // the first letter of the last round
}

// run looks for letters until ctx ends.
func (r *replayer) run(ctx context.Context) {
	fails := 0
	for wait := introduceAfter; sleep(ctx, wait); {
		more, err := r.round(ctx)
		wait = replayLook
		switch {
		case err == nil:
			fails = 0
			if more {
				wait = 0
			}
		case ctx.Err() == nil:
			if fails == 0 {
				r.log.Error("the dead letters can't be read now; trying on", "error", err)
			}
			fails++
		}
	}
}

// round handles one page anew and waits until that is done, so that no letter is
// taken twice. more means that there may be others, and that these are done with.
func (r *replayer) round(ctx context.Context) (more bool, err error) {
	reading, cancel := context.WithTimeout(ctx, r.commit)
	letters, broken, err := r.box.Replays(reading, replayPage)
	cancel()
	if err != nil {
		return false, err
	}
	aside(r.log, "dead letters", broken)
	if len(letters) == 0 {
		return false, nil
	}
	entries := make([]*entry, len(letters))
	for i, letter := range letters {
		entries[i] = r.take(letter)
	}
	for _, e := range entries {
		select {
		case <-e.done:
		case <-ctx.Done():
			return false, nil // a letter whose effect is not stored is still marked
		}
	}
	r.log.Info("dead letters were handled anew", "count", len(letters))
	again := letters[0].ID == r.first // what can't be stored now comes again, but not at once
	r.first = letters[0].ID
	return len(letters) == replayPage && !again, nil
}

// replay hands a dead letter to the dispatcher.
func (b *Bot) replay(letter fraud.DeadLetter) *entry {
	a := decode(letter.Raw)
	// Whoever pressed a button waits for its answer no longer.
	a.origin.query = ""
	// What the letter was kept under counts: its bytes may not show it.
	a.id, a.named = letter.Update, letter.Update != 0
	e := &entry{id: a.id, taken: time.Now(), done: make(chan struct{})}
	b.dispatch.put(a.chat, &job{arrival: a, entry: e, letter: &letter})
	return e
}

// rehandle is handle for a dead letter. What comes of it, answers too, is stored
// with the letter's end; nobody is told that it failed again.
func (b *Bot) rehandle(ctx context.Context, chat int64, j *job) {
	defer b.acknowledge(j)
	reply, calls, err := b.reanswer(ctx, j)
	if err == nil {
		reply.Change.Letter = j.letter.ID
		err = b.conclude(chat, j, reply, calls)
	}
	var unsaved *fraud.Error
	switch {
	case err == nil, errors.Is(err, fraud.ErrSeen): // gone, or dropped meanwhile
		return
	case errors.Is(err, fraud.ErrFenced):
		b.leave(j)
		return
	case errors.As(err, &unsaved) && unsaved.Code == fraud.CodeUnavailable, b.ctx.Err() != nil:
		b.log.Warn("a dead letter can't be handled anew now; it is tried again", "letter", j.letter.ID, "error", err)
		return
	}
	attrs := []any{"letter", j.letter.ID, "update", j.id, "tries", j.letter.Tries + 1, "error", err}
	var p *panicked
	if errors.As(err, &p) {
		attrs = append(attrs, "stack", p.stack)
	}
	j.result = ResultDead
	b.log.Error("a dead letter failed again", attrs...)
	ctx, cancel := context.WithTimeout(b.ctx, b.options.Bounds.Commit)
	defer cancel()
	if err := b.options.Journal.LetterFailed(ctx, j.letter.ID, reasonOf(err)); err != nil {
		b.log.Error("a dead letter's failure can't be noted; it is tried again", "letter", j.letter.ID, "error", err)
	}
}

// reanswer asks the handler. Of a letter in which something was masked it does
// not: the rest might pass for another number. Its person is asked to send it anew.
func (b *Bot) reanswer(ctx context.Context, j *job) (reply handlers.Reply, calls []call, err error) {
	switch {
	case len(j.letter.Raw) == 0:
		return reply, nil, errors.New("nothing of it is kept")
	case j.letter.Cut:
		return reply, nil, errors.New("only the beginning of it is kept")
	case j.letter.Masked:
		reply = handlers.Reply{Lang: spoken(j.origin.language, "")}
		if j.origin.private {
			reply.Messages = handlers.Say(locales.M("letter.again")).Messages
		}
		reply.Change.Update, reply.Change.Person = j.letter.Update, j.origin.person
		return reply, b.calls(j, reply), nil
	case j.update == nil:
		return reply, nil, fmt.Errorf("decoding the update: %w", j.err)
	}
	in, reply, calls, err := b.answer(ctx, j)
	var refused *fraud.Error
	if errors.As(err, &refused) && refused.Key != "" && refused.Code != fraud.CodeUnavailable {
		reply = handlers.Reply{Lang: or(reply.Lang, spoken(in.Language, in.Text)), Messages: handlers.Say(locales.M(refused.Key)).Messages}
		reply.Change.Update, reply.Change.Person = in.Update, in.Person
		calls, err = b.calls(j, reply), nil
	}
	reply.Change.Person = or(reply.Change.Person, j.origin.person)
	return reply, calls, err
}

// conclude stores what came of a letter and sends its answers.
func (b *Bot) conclude(chat int64, j *job, reply handlers.Reply, calls []call) error {
	parcels := b.parcels(j, calls)
	rows, kept, err := outgoing(parcels)
	if err != nil {
		return err
	}
	reply.Change.Outgoing = append(reply.Change.Outgoing, rows...)
	if j.turnless != nil {
		return j.turnless
	}
	if err := b.store(chat, reply.Change, kept); err != nil {
		return err
	}
	j.result, j.parcels = ResultStored, parcels
	j.deadline = time.Now().Add(b.options.Bounds.Patience)
	b.sender.put(chat, parcels...)
	return nil
}

// reasonOf is what is kept of an error: nothing of what the person wrote.
func reasonOf(err error) string {
	var p *panicked
	if errors.As(err, &p) {
		return "the handler panicked"
	}
	return err.Error()
}
