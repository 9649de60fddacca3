package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"saqbol/fraud"
)

// exported is saqbol-export.json: everything kept of one person. Field names are
// stable; a new one may come, none changes its meaning. Times are RFC 3339 in UTC,
// sums whole tenge. What was not said is left out.
type exported struct {
	Format       string                `json:"format"` // "saqbol-export/1"
	ExportedAt   time.Time             `json:"exported_at"`
	TelegramID   int64                 `json:"telegram_id"`
	Language     fraud.Lang            `json:"language,omitempty"` // chosen by the person: kk or ru
	BlockedBot   bool                  `json:"blocked_bot"`
	Conversation *exportedConversation `json:"conversation,omitempty"` // an unfinished one
	Reports      []exportedReport      `json:"reports"`                // newest first, withdrawn ones too
	NotAScam     []exportedSubject     `json:"not_a_scam"`             // what the person said is not a scam
}

// exportedConversation is an unfinished conversation, its draft as it is kept.
type exportedConversation struct {
	Flow      string          `json:"flow"`
	Step      string          `json:"step"`
	MessageID int64           `json:"message_id,omitempty"` // the message that is edited in place
	Draft     json.RawMessage `json:"draft,omitempty"`
}

// exportedReport is a report; the words for channel, claimed_to_be, scenario,
// spoken_by and loss are those of the program's domain.
type exportedReport struct {
	Code      string            `json:"code"`   // SB-XXXX-XXXX
	Status    fraud.Status      `json:"status"` // received or withdrawn
	Created   time.Time         `json:"created"`
	Updated   time.Time         `json:"updated"`
	Subjects  []exportedSubject `json:"subjects"`
	Channel   fraud.Channel     `json:"channel,omitempty"`
	Claim     fraud.Claim       `json:"claimed_to_be,omitempty"`
	Scenario  fraud.Scenario    `json:"scenario,omitempty"`
	Voice     fraud.Voice       `json:"spoken_by,omitempty"`
	Happened  *time.Time        `json:"happened,omitempty"`
	Loss      fraud.Loss        `json:"loss,omitempty"`
	LossTenge int64             `json:"loss_tenge,omitempty"`
	Words     string            `json:"words,omitempty"`
	Files     []exportedFile    `json:"files,omitempty"`
}

// exportedSubject is a number, a card or an account. Of a card nothing but its
// last four digits is kept, so nothing else can be exported.
type exportedSubject struct {
	Kind     fraud.Kind `json:"kind"`
	Value    string     `json:"value,omitempty"`
	LastFour string     `json:"last_four,omitempty"`
}

// exportedFile is an attached file; the file itself stays with Telegram.
type exportedFile struct {
	Kind string `json:"kind"`
	ID   string `json:"telegram_file_id"`
}

// exportJSON writes a portrait as an indented JSON document.
func exportJSON(p fraud.Portrait, now time.Time) ([]byte, error) {
	out := exported{
		Format: "saqbol-export/1", ExportedAt: now.UTC(), TelegramID: p.Person.ID, Language: p.Person.Lang,
		BlockedBot: p.Person.Gone, Reports: []exportedReport{}, NotAScam: exportSubjects(p.Disputes),
	}
	if p.Session.Open() {
		out.Conversation = &exportedConversation{Flow: p.Session.Flow, Step: p.Session.Step, MessageID: p.Session.Anchor, Draft: p.Session.Draft}
	}
	for _, r := range p.Reports {
		out.Reports = append(out.Reports, exportReport(r))
	}
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false) // people read it
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("writing the export of a person's data: %w", err)
	}
	return data.Bytes(), nil
}

func exportReport(r fraud.Report) exportedReport {
	d := r.Details
	out := exportedReport{
		Code: r.Code, Status: r.Status, Created: r.Created.UTC(), Updated: r.Updated.UTC(), Subjects: exportSubjects(r.Subjects),
		Channel: d.Channel, Claim: d.Claim, Scenario: d.Scenario, Voice: d.Voice, Loss: d.Loss, LossTenge: d.Amount, Words: d.Words,
	}
	if !d.When.IsZero() {
		when := d.When.UTC()
		out.Happened = &when
	}
	for _, f := range d.Files {
		out.Files = append(out.Files, exportedFile(f))
	}
	return out
}

func exportSubjects(refs []fraud.Ref) []exportedSubject {
	out := []exportedSubject{}
	for _, ref := range refs {
		s := exportedSubject{Kind: ref.Kind, Value: ref.Value}
		if ref.Kind == fraud.KindCard {
			s = exportedSubject{Kind: ref.Kind, LastFour: ref.Value}
		}
		out = append(out, s)
	}
	return out
}
