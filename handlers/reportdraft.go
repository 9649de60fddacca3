package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"saqbol/fraud"
)

// The bounds of what one report keeps.
const (
	maxWords = 2000 // characters in the person's own words
	maxFiles = 10
)

// reportDraft is a report being written: Session.Draft as JSON. Fields that a
// newer or an older program wrote are passed over. It never holds a card's
// number: subjects are kept as fraud.Ref, words only after Redact.
type reportDraft struct {
	ID       string            `json:"id"` // the eight characters of the code it will get
	Subjects []draftRef        `json:"subjects,omitempty"`
	Answers  map[string]string `json:"answers,omitempty"` // choice by step, "" = skipped
	When     time.Time         `json:"when,omitzero"`
	Amount   int64             `json:"amount,omitempty"`
	Words    string            `json:"words,omitempty"`
	Files    []draftFile       `json:"files,omitempty"`
	Album    string            `json:"album,omitempty"`   // the album that came last
	Editing  bool              `json:"editing,omitempty"` // the next answer leads back to the summary
	Offered  []draftRef        `json:"offered,omitempty"` // seen in an answer, not in the report
	Pending  *pendingCommand   `json:"pending,omitempty"`
}

// draftRef is a fraud.Ref as a draft keeps it.
type draftRef struct {
	Kind  fraud.Kind `json:"kind"`
	Key   []byte     `json:"key"`
	Value string     `json:"value,omitempty"`
	Shown string     `json:"shown"`
}

// draftFile is a fraud.File as a draft keeps it.
type draftFile struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// pendingCommand is what the person wanted while the draft was open; without a
// name it has been answered, and only the draft's end is asked about.
type pendingCommand struct {
	Name     string     `json:"name"`
	Text     string     `json:"text,omitempty"`
	Subjects []draftRef `json:"subjects,omitempty"` // of a new report
}

// errDraft says that a stored draft can't be read.
var errDraft = errors.New("the draft of a report can't be read")

// newDraft starts a report. Its id becomes its code, so a second press of the
// button that files can name the report it made.
func newDraft(random io.Reader) (*reportDraft, error) {
	code, err := fraud.NewCode(random)
	if err != nil {
		return nil, fmt.Errorf("naming a new report: %w", err)
	}
	id := strings.ReplaceAll(strings.TrimPrefix(code, "SB-"), "-", "")
	return &reportDraft{ID: id, Answers: map[string]string{}}, nil
}

// readDraft reads Session.Draft; errDraft where it is no draft of a report.
func readDraft(raw []byte) (*reportDraft, error) {
	var d reportDraft
	// The cause stays out of the error: it may quote the draft.
	if json.Unmarshal(raw, &d) != nil {
		return nil, errDraft
	}
	if _, ok := fraud.ParseCode(d.ID); !ok || len(d.ID) != 8 {
		return nil, errDraft
	}
	d.Subjects = slices.DeleteFunc(d.Subjects, func(r draftRef) bool { return len(r.Key) != len(fraud.Key{}) })
	if d.Answers == nil {
		d.Answers = map[string]string{}
	}
	return &d, nil
}

func (d *reportDraft) encode() ([]byte, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("writing the draft of a report: %w", err)
	}
	return raw, nil
}

// empty reports whether nothing would be lost with the draft.
func (d *reportDraft) empty() bool {
	return len(d.Subjects) == 0 && len(d.Answers) == 0 && d.Words == "" && len(d.Files) == 0
}

// code is the code a new report of this draft gets.
func (d *reportDraft) code() string { return "SB-" + d.ID[:4] + "-" + d.ID[4:] }

// answered reports whether a step was answered or skipped.
func (d *reportDraft) answered(step string) bool {
	if step == stepSubjects {
		return len(d.Subjects) > 0
	}
	_, ok := d.Answers[step]
	return ok
}

// add takes subjects into the draft, each once, and says which were new and
// whether some found no room.
func (d *reportDraft) add(refs []draftRef) (added []draftRef, full bool) {
	for _, ref := range refs {
		switch {
		case has(d.Subjects, ref):
		case len(d.Subjects) >= fraud.MaxSubjects:
			full = true
		default:
			d.Subjects = append(d.Subjects, ref)
			added = append(added, ref)
		}
	}
	return added, full
}

func has(refs []draftRef, ref draftRef) bool {
	for _, r := range refs {
		if string(r.Key) == string(ref.Key) {
			return true
		}
	}
	return false
}

// details are the answers in the domain's words; what this program doesn't
// offer (an answer of a newer one) counts as not said.
func (d *reportDraft) details() fraud.Details {
	out := fraud.Details{
		Channel:  chosen(d, stepChannel, fraud.Channels()),
		Claim:    chosen(d, stepClaim, fraud.Claims()),
		Scenario: chosen(d, stepScenario, fraud.Scenarios()),
		Loss:     chosen(d, stepLoss, fraud.Losses()),
		When:     d.When,
		Words:    d.Words,
	}
	var known bool
	if out.Voice, known = impliedVoice(out.Channel); !known {
		out.Voice = chosen(d, stepVoice, fraud.Voices())
	}
	if out.Loss == fraud.LossMoney {
		out.Amount = d.Amount
	}
	for _, f := range d.Files {
		out.Files = append(out.Files, fraud.File(f))
	}
	return out
}

func chosen[T ~string](d *reportDraft, step string, offered []T) T {
	for _, o := range offered {
		if string(o) == d.Answers[step] {
			return o
		}
	}
	return ""
}

// impliedVoice says what the way of contact itself tells about the voice.
func impliedVoice(c fraud.Channel) (fraud.Voice, bool) {
	switch c {
	case fraud.ChannelSMS, fraud.ChannelShop:
		return fraud.VoiceNone, true
	case fraud.ChannelPerson:
		return fraud.VoicePerson, true
	}
	return "", false
}

func toDraft(refs []fraud.Ref) []draftRef {
	out := make([]draftRef, len(refs))
	for i, r := range refs {
		out[i] = draftRef{Kind: r.Kind, Key: r.Key[:], Value: r.Value, Shown: r.Shown}
	}
	return out
}

func fromDraft(refs []draftRef) []fraud.Ref {
	out := make([]fraud.Ref, len(refs))
	for i, r := range refs {
		out[i] = fraud.Ref{Kind: r.Kind, Value: r.Value, Shown: r.Shown}
		copy(out[i].Key[:], r.Key)
	}
	return out
}
