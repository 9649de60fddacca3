package handlers

import (
	"sync"

	"saqbol/fraud"
	"saqbol/locales"
)

// flowReport is Session.Flow of a report being written.
const flowReport = "report"

// The steps of a report: Session.Step, and the third part of a button's data.
const (
	stepSubjects = "subjects"
	stepChannel  = "channel"
	stepClaim    = "claim"
	stepScenario = "scenario"
	stepVoice    = "voice"
	stepWhen     = "when"
	stepLoss     = "loss"
	stepAmount   = "amount"
	stepWords    = "words"
	stepSummary  = "summary"
)

// The choices that are no option of a step: the last part of a button's data.
const (
	choiceBack   = "back"
	choiceSkip   = "skip"
	choiceNext   = "next"
	choiceCancel = "cancel"
	choiceFile   = "file"
	choiceAdd    = "add"   // take in the subjects that were offered
	choiceEdit   = "edit-" // and the step
	choiceRemove = "del-"  // and the head of the subject's key
	choiceTyped  = "typed" // not a button: the draft holds the day or the sum that was typed
)

// The choices of stepWhen.
const (
	whenToday     = "today"
	whenYesterday = "yesterday"
	whenWeek      = "week"
	whenEarlier   = "earlier"
)

// reportStep is one question of a report.
type reportStep struct {
	name    string
	options []option
	columns int  // of the options' buttons
	skips   bool // the question may be left unanswered
	asked   func(*reportDraft) bool
}

// option is one answer a step offers.
type option struct {
	choice string
	label  locales.Msg
}

// reportSteps is the order of the questions; the summary follows the last. Nobody
// changes what it gives.
var reportSteps = sync.OnceValue(func() []reportStep {
	always := func(*reportDraft) bool { return true }
	return []reportStep{
		{name: stepSubjects, asked: always},
		{name: stepChannel, options: options(fraud.Channels(), channelName), columns: 2, skips: true, asked: always},
		{name: stepClaim, options: options(fraud.Claims(), claimName), columns: 2, skips: true, asked: always},
		{name: stepScenario, options: options(fraud.Scenarios(), scenarioName), columns: 2, skips: true, asked: always},
		{name: stepVoice, options: options(fraud.Voices(), voiceName), columns: 2, skips: true, asked: asksVoice},
		{name: stepWhen, options: options([]string{whenToday, whenYesterday, whenWeek, whenEarlier}, whenName), columns: 2, skips: true, asked: always},
		{name: stepLoss, options: options(fraud.Losses(), lossName), columns: 1, skips: true, asked: always},
		{name: stepAmount, skips: true, asked: func(d *reportDraft) bool { return d.Answers[stepLoss] == string(fraud.LossMoney) }},
		{name: stepWords, skips: true, asked: always},
	}
})

func asksVoice(d *reportDraft) bool {
	_, known := impliedVoice(fraud.Channel(d.Answers[stepChannel]))
	return !known
}

func options[T ~string](choices []T, label func(T) locales.Msg) []option {
	out := make([]option, len(choices))
	for i, c := range choices {
		out[i] = option{string(c), label(c)}
	}
	return out
}

func channelName(c fraud.Channel) locales.Msg   { return locales.M("channel." + string(c)) }
func claimName(c fraud.Claim) locales.Msg       { return locales.M("claim." + string(c)) }
func scenarioName(s fraud.Scenario) locales.Msg { return locales.M("scenario." + string(s)) }
func voiceName(v fraud.Voice) locales.Msg       { return locales.M("voice." + string(v)) }
func lossName(l fraud.Loss) locales.Msg         { return locales.M("loss." + string(l)) }
func whenName(w string) locales.Msg             { return locales.M("report.when." + w) }

// stepNamed finds a question; false for the summary and for unknown names.
func stepNamed(name string) (reportStep, bool) {
	for _, s := range reportSteps() {
		if s.name == name {
			return s, true
		}
	}
	return reportStep{}, false
}

func (s reportStep) option(choice string) (option, bool) {
	for _, o := range s.options {
		if o.choice == choice {
			return o, true
		}
	}
	return option{}, false
}

// stepAfter is the next question without an answer, else the summary. A change
// made from the summary leads back to it, but for the sum of a loss just named.
func stepAfter(d *reportDraft, name string) string {
	if d.Editing && (name != stepLoss || !asks(d, stepAmount) || d.answered(stepAmount)) {
		d.Editing = false
		return stepSummary
	}
	passed := false
	for _, s := range reportSteps() {
		if passed && s.asked(d) && !d.answered(s.name) {
			return s.name
		}
		passed = passed || s.name == name
	}
	return stepSummary
}

// firstOpen is where a draft goes on whose step is not known (any more).
func firstOpen(d *reportDraft) string {
	if len(d.Subjects) == 0 {
		return stepSubjects
	}
	d.Editing = false
	return stepAfter(d, stepSubjects)
}

// stepBefore is the question before; "" where there is none.
func stepBefore(d *reportDraft, name string) string {
	if d.Editing {
		return stepSummary
	}
	before := ""
	for _, s := range reportSteps() {
		if s.name == name {
			return before
		}
		if s.asked(d) {
			before = s.name
		}
	}
	return before
}

func asks(d *reportDraft, name string) bool {
	s, ok := stepNamed(name)
	return ok && s.asked(d)
}
