package bot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/locales"
)

// letterTries is how often a dead letter is tried again: a store that never takes
// it must not hold up the updates behind it.
const letterTries = 2

// job is one update on its way through the bot. One worker at a time has it.
type job struct {
	arrival
	entry    *entry
	parcels  []*parcel // its answers, once they are known
	asked    bool      // the handler has answered
	buried   bool      // a dead letter was made of it, and with that it counts as handled in the store
	acked    bool
	left     bool // to the instance that has taken over
	result   Result
	letter   *fraud.DeadLetter // the one that is handled anew, nil for an update that has come just now
	deadline time.Time         // until when the answers may take before the job goes on without them
	waited   time.Time         // since when it waits for its chat's turn
	looks    int               // how often another replica had it
	turnless error             // why its chat's turn can't be taken: nothing may be stored
}

// accept takes an update in; the entry is nil where it was handled before. With
// carries somebody waits for it who can carry its answer, and has to leave it.
func (b *Bot) accept(a arrival, carries bool) *entry {
	e, fresh := b.recent.begin(a.id)
	b.came(a, e == nil) // a poll while an update is handled gives it again: that is no second delivery
	if e != nil && carries {
		e.join()
	}
	if fresh {
		b.dispatch.put(a.chat, &job{arrival: a, entry: e})
	}
	return e
}

// came counts an update that came in; again is whether it had come before.
func (b *Bot) came(a arrival, again bool) {
	b.health.came(time.Now())
	if again {
		b.options.Meter.Update(kindOf(a.update), ResultSeen, 0)
	}
}

// run does what a job needs next. It holds a worker only while there is work:
// while answers are on their way the lane waits without one.
func (b *Bot) run(chat int64, j *job) next {
	if !j.asked {
		if wait, ok := b.turn(chat, j); !ok {
			return wait
		}
		j.asked = true
		b.handle(chat, j)
	}
	return b.settle(j)
}

// handle finds an update's answer, commits its effect and sends it off.
func (b *Bot) handle(chat int64, j *job) {
	ctx, cancel := context.WithTimeout(b.ctx, b.options.Bounds.Handle)
	defer cancel()
	defer func() { b.options.Meter.Update(kindOf(j.update), j.result, time.Since(j.entry.taken)) }()
	if j.letter != nil {
		b.backlog.catchUp(ctx, chat)
		b.rehandle(ctx, chat, j)
		return
	}
	if b.seen(ctx, j) {
		j.result = ResultSeen
		b.acknowledge(j)
		return
	}
	b.backlog.catchUp(ctx, chat)
	if j.update == nil {
		b.undecoded(chat, j)
		return
	}
	in, reply, calls, err := b.answer(ctx, j)
	switch {
	case err != nil && b.ctx.Err() != nil: // for want of time, as it stops
		b.leave(j)
	case err != nil:
		b.volatile(chat, j, b.failed(j, or(reply.Lang, spoken(in.Language, in.Text)), err))
	case reply.Change.Empty():
		countAnswer(b.options.Meter, reply)
		b.volatile(chat, j, calls)
	default:
		b.commit(chat, j, reply, calls)
	}
}

// seen asks the store whether an update was handled by an earlier run.
func (b *Bot) seen(ctx context.Context, j *job) bool {
	if !j.named {
		return false
	}
	seen, err := b.options.Journal.Seen(ctx, j.id)
	if err != nil {
		b.log.Warn("can't tell whether an update was handled before", "update", j.id, "error", err)
	}
	return seen
}

// undecoded keeps an update that can't be read, and apologises to whoever sent it.
func (b *Bot) undecoded(chat int64, j *job) {
	b.bury(j, j.err)
	if !j.origin.private {
		j.origin.chat = 0 // a group need not hear of it
	}
	b.volatile(chat, j, b.failed(j, spoken(j.origin.language, ""), fmt.Errorf("decoding the update: %w", j.err)))
	j.result = ResultDead
}

// answer asks the handler and renders what it says. Whatever panics on the way
// costs this update alone: outside of this it would end the program, and again
// when the update comes again.
func (b *Bot) answer(ctx context.Context, j *job) (in handlers.Input, reply handlers.Reply, calls []call, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &panicked{cause: fmt.Sprintf("%T", cause), stack: frames()}
			if j.letter == nil {
				b.bury(j, errors.New("the handler panicked"))
			}
		}
	}()
	in, ok := b.me.translate(j.update)
	if !ok {
		return in, reply, b.calls(j, reply), nil
	}
	if reply, err = b.options.Handler.Handle(ctx, in); err != nil {
		return in, reply, nil, err
	}
	reply.Change.Update, reply.Change.Person = in.Update, in.Person
	return in, reply, b.calls(j, reply), nil
}

// panicked is a handler's panic. Its value may hold anything that people wrote,
// so only its type is kept; the stack tells the rest.
type panicked struct {
	cause string
	stack string
}

// Error names the panic without its value.
func (p *panicked) Error() string { return "the handler panicked with a " + p.cause }

// frames is the stack of a panic, for the function that recovers it. Unlike
// debug.Stack it shows no arguments: ids of people and what they wrote are among them.
func frames() string {
	var calls [48]uintptr
	var out strings.Builder
	stack := runtime.CallersFrames(calls[:runtime.Callers(3, calls[:])])
	for more := true; more; {
		var at runtime.Frame
		at, more = stack.Next()
		fmt.Fprintf(&out, "%s %s:%d\n", at.Function, at.File, at.Line)
	}
	return out.String()
}

// failed logs an error, once, and returns what the person is told.
func (b *Bot) failed(j *job, lang fraud.Lang, err error) []call {
	j.result = resultOf(err)
	var refused *fraud.Error
	told := errors.As(err, &refused) && refused.Key != ""
	if told && refused.Code != fraud.CodeUnavailable {
		b.log.Debug("an update was refused", "update", j.id, "error", err)
		return b.calls(j, handlers.Reply{Lang: lang, Messages: handlers.Say(locales.M(refused.Key)).Messages})
	}
	incident := b.incident()
	if told {
		b.log.Error("an update could not be served", "update", j.id, "incident", incident, "error", err)
		text := handlers.Say(locales.M(refused.Key), locales.M("common.incident", "Incident", incident))
		return b.calls(j, handlers.Reply{Lang: lang, Messages: text.Messages})
	}
	attrs := []any{"update", j.id, "incident", incident, "error", err}
	var p *panicked
	if errors.As(err, &p) {
		attrs = append(attrs, "stack", p.stack)
	}
	b.log.Error("an update failed", attrs...)
	return b.calls(j, handlers.Reply{Lang: lang, Messages: handlers.Say(locales.M("common.error", "Incident", incident)).Messages})
}

// calls renders a reply to whoever is behind a job.
func (b *Bot) calls(j *job, reply handlers.Reply) []call {
	to := target{chat: j.origin.chat, person: j.origin.person, query: j.origin.query}
	calls, err := b.render.render(to, reply)
	if err != nil {
		b.log.Error("an answer is not as it should be", "update", j.id, "error", err)
	}
	return calls
}

// incident makes the number by which a person's complaint is found in the log.
func (b *Bot) incident() string {
	b.dice.Lock()
	defer b.dice.Unlock()
	var raw [4]byte
	if _, err := io.ReadFull(b.options.Random, raw[:]); err != nil {
		_, _ = rand.Read(raw[:]) // never fails
	}
	return strings.ToUpper(hex.EncodeToString(raw[:]))
}

// bury keeps an update that can't be handled as a dead letter.
func (b *Bot) bury(j *job, reason error) {
	j.buried = true
	letter := b.kept(j.raw)
	letter.Person, letter.Reason, letter.At = j.origin.person, reason.Error(), b.options.Clock().UTC()
	if j.named {
		letter.Update = j.id
	}
	for tries := 0; ; tries++ {
		ctx, cancel := context.WithTimeout(b.ctx, b.options.Bounds.Commit)
		err := b.options.Journal.DeadLetter(ctx, letter)
		cancel()
		if err == nil {
			b.options.Meter.DeadLetter(true)
			return
		}
		if errors.Is(err, fraud.ErrFenced) {
			b.leave(j)
			return
		}
		if tries == letterTries || !sleep(b.ctx, backoff(tries)) {
			b.options.Meter.DeadLetter(false)
			b.log.Error("a dead letter is lost", "update", letter.Update, "error", err)
			return
		}
	}
}

// kept is a dead letter with what is kept of an update: nothing where masking it
// panics, for that may be the very panic that the letter is about.
func (b *Bot) kept(raw []byte) (letter fraud.DeadLetter) {
	defer func() {
		if recover() != nil {
			letter = fraud.DeadLetter{}
		}
	}()
	return maskedUpdate(raw, b.options.Redact)
}

// spoken guesses a language where nothing better is known.
func spoken(code, text string) fraud.Lang {
	if strings.HasPrefix(strings.ToLower(code), "kk") || strings.ContainsAny(text, "әғқңөұүһіӘҒҚҢӨҰҮҺІ") {
		return fraud.Kazakh
	}
	return fraud.Russian
}
