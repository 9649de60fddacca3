package bot

import (
	"errors"
	"time"

	"github.com/go-telegram/bot/models"

	"saqbol/fraud"
	"saqbol/handlers"
)

// Meter is told what the edge does. It is asked in the middle of the work, by
// many goroutines: it must not block. Nothing it is told is about a person.
type Meter interface {
	// Update is told of each update when its answer is known and its effect stored,
	// and how long that took from its coming in, the wait for its turn included.
	Update(kind Kind, result Result, took time.Duration)
	// Verdicts is told what an answer says of the subjects that somebody checked.
	Verdicts(given fraud.Verdicts)
	// Limited is told of each answer that says that a limit is reached.
	Limited(by fraud.Excess)
	// Report is told of each stored change of a report.
	Report(event ReportEvent)
	// Turn is told how long an update waited until its chat was this replica's.
	Turn(waited time.Duration)
	// DeadLetter is told of each update that could not be handled; kept is false
	// where even the letter is lost.
	DeadLetter(kept bool)
	// Call is told of each try to deliver an answer and how long the server took.
	Call(method Method, delivery Delivery, took time.Duration)
}

// unmetered is where nobody counts.
type unmetered struct{}

// Update forgets what it is told.
func (unmetered) Update(Kind, Result, time.Duration) {}

// Verdicts forgets what it is told.
func (unmetered) Verdicts(fraud.Verdicts) {}

// Limited forgets what it is told.
func (unmetered) Limited(fraud.Excess) {}

// Report forgets what it is told.
func (unmetered) Report(ReportEvent) {}

// Turn forgets what it is told.
func (unmetered) Turn(time.Duration) {}

// DeadLetter forgets what it is told.
func (unmetered) DeadLetter(bool) {}

// Call forgets what it is told.
func (unmetered) Call(Method, Delivery, time.Duration) {}

// Kind says what kind of update came.
type Kind uint8

// The kinds of updates.
const (
	KindMessage Kind = iota
	KindEdited
	KindButton
	KindMember // somebody has blocked the bot or has come back
	KindUnreadable
	KindOther
	kindEnd
)

// String is the kind's name in a metric.
func (k Kind) String() string {
	return [...]string{"message", "edited", "button", "member", "unreadable", "other"}[k]
}

// Kinds are all kinds.
func Kinds() []Kind { return upTo(kindEnd) }

func kindOf(u *models.Update) Kind {
	switch {
	case u == nil:
		return KindUnreadable
	case u.Message != nil:
		return KindMessage
	case u.EditedMessage != nil:
		return KindEdited
	case u.CallbackQuery != nil:
		return KindButton
	case u.MyChatMember != nil:
		return KindMember
	}
	return KindOther
}

// Result says what became of an update.
type Result uint8

// The results.
const (
	ResultAnswered Result = iota // nothing to store
	ResultStored                 // its effect is stored
	ResultSeen                   // it was handled before
	ResultRefused                // what the person wants can't be had; they read why
	ResultUnsaved                // the store can't answer or save now; the person reads that
	ResultFailed                 // nobody foresaw it; the person reads an incident number
	ResultDead                   // it can't be read, or the handler panicked: a dead letter
	resultEnd
)

// String is the result's name in a metric.
func (r Result) String() string {
	return [...]string{"answered", "stored", "seen", "refused", "unsaved", "failed", "dead"}[r]
}

// Results are all results.
func Results() []Result { return upTo(resultEnd) }

// resultOf sorts an error of the handler or of the store.
func resultOf(err error) Result {
	var refused *fraud.Error
	var p *panicked
	switch {
	case errors.As(err, &p):
		return ResultDead
	case !errors.As(err, &refused) || refused.Key == "":
		return ResultFailed
	case refused.Code == fraud.CodeUnavailable:
		return ResultUnsaved
	}
	return ResultRefused
}

// ReportEvent is what happened to a report.
type ReportEvent uint8

// The events of reports.
const (
	ReportFiled ReportEvent = iota
	ReportChanged
	ReportWithdrawn
	reportEventEnd
)

// String is the event's name in a metric.
func (e ReportEvent) String() string { return [...]string{"filed", "changed", "withdrawn"}[e] }

// ReportEvents are all events.
func ReportEvents() []ReportEvent { return upTo(reportEventEnd) }

// countAnswer tells the meter what an answer holds that counts.
func countAnswer(m Meter, reply handlers.Reply) {
	if reply.Verdicts != (fraud.Verdicts{}) {
		m.Verdicts(reply.Verdicts)
	}
	if reply.Limited != fraud.ExcessNone {
		m.Limited(reply.Limited)
	}
}

// countReports tells the meter what a stored change did to reports.
func countReports(m Meter, change fraud.Change) {
	if r := change.File; r != nil {
		event := ReportFiled
		if !r.Created.Equal(r.Updated) {
			event = ReportChanged
		}
		m.Report(event)
	}
	if change.Withdraw != "" {
		m.Report(ReportWithdrawn)
	}
}

// Method is a call of the Bot API that answers are made of.
type Method uint8

// The methods.
const (
	MethodSend Method = iota
	MethodEdit
	MethodDocument
	MethodQuery
	MethodDelete
	MethodOther
	methodEnd
)

// String is the method's name, in a metric too.
func (m Method) String() string {
	return [...]string{methodSend, methodEdit, methodDocument, methodQuery, methodDelete, "other"}[m]
}

// Methods are all methods.
func Methods() []Method { return upTo(methodEnd) }

func methodOf(name string) Method {
	for m := range MethodOther {
		if m.String() == name {
			return m
		}
	}
	return MethodOther
}

// Delivery says what became of a call.
type Delivery uint8

// What becomes of calls.
const (
	Delivered   Delivery = iota // or what it wanted is so already
	Carried                     // in the response to a webhook's delivery: nobody learns more
	Refused                     // Telegram will never take it
	Gone                        // the person, or the group, has shut the bot out
	Moved                       // the group has a new id
	Limited                     // 429: Telegram says to wait
	Undelivered                 // no answer, or the server's failure; it is tried again
	deliveryEnd
)

// String is the delivery's name in a metric.
func (d Delivery) String() string {
	return [...]string{"delivered", "carried", "refused", "gone", "moved", "limited", "failed"}[d]
}

// Deliveries are all of them.
func Deliveries() []Delivery { return upTo(deliveryEnd) }

// deliveryOf sorts an error of perform.
func deliveryOf(err error) Delivery {
	switch outcomeOf(err).fate {
	case fateDone:
		return Delivered
	case fateRefused:
		return Refused
	case fateGone:
		return Gone
	case fateMoved:
		return Moved
	case fateWait:
		return Limited
	}
	return Undelivered
}

func upTo[T ~uint8](end T) []T {
	all := make([]T, end)
	for i := range all {
		all[i] = T(i)
	}
	return all
}
