package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"saqbol/fraud"
)

// exported is saqbol-export.json: everything kept of one person. Field names are
// stable; a new one may come, none changes its meaning. Times are RFC 3339 in
// Kazakhstan's time, sums whole tenge. What was not said is left out.
type exported struct {
	Format     string            `json:"format"` // "saqbol-export/1"
	ExportedAt time.Time         `json:"exported_at"`
	TelegramID int64             `json:"telegram_id"`
	Language   fraud.Lang        `json:"language,omitempty"` // chosen by the person: kk or ru
	BlockedBot bool              `json:"blocked_bot"`
	Unfinished *exportedDraft    `json:"unfinished_report,omitempty"`
	Reports    []exportedReport  `json:"reports"`    // newest first, withdrawn ones too
	NotAScam   []exportedSubject `json:"not_a_scam"` // what the person said is not a scam
	Today      *exportedCounts   `json:"counted_today,omitempty"`
}

// exportedCounts are how much the person asked and reported today, never what.
type exportedCounts struct {
	Checked  int `json:"checked"`
	Reported int `json:"reported"`
}

// exportedDraft is a report being written: what the person has said so far. What
// the program needs to find its way in it says nothing to them and is left out.
type exportedDraft struct {
	Subjects []exportedSubject `json:"subjects"`
	exportedAnswers
	Seen      []exportedSubject `json:"seen_in_answers,omitempty"` // not in the report
	Meanwhile *exportedWish     `json:"asked_meanwhile,omitempty"`
}

// exportedWish is a command that waits until the draft is kept or dropped.
type exportedWish struct {
	Command  string            `json:"command"`
	Text     string            `json:"text,omitempty"`
	Subjects []exportedSubject `json:"subjects,omitempty"`
}

// exportedReport is a report that was filed.
type exportedReport struct {
	Code     string            `json:"code"`   // SB-XXXX-XXXX
	Status   fraud.Status      `json:"status"` // received or withdrawn
	Created  time.Time         `json:"created"`
	Updated  time.Time         `json:"updated"`
	Subjects []exportedSubject `json:"subjects"`
	exportedAnswers
}

// exportedAnswers are what was said; the words for channel, claimed_to_be,
// scenario, spoken_by and loss are those of the program's domain.
type exportedAnswers struct {
	Channel   fraud.Channel  `json:"channel,omitempty"`
	Claim     fraud.Claim    `json:"claimed_to_be,omitempty"`
	Scenario  fraud.Scenario `json:"scenario,omitempty"`
	Voice     fraud.Voice    `json:"spoken_by,omitempty"`
	Happened  *time.Time     `json:"happened,omitempty"`
	Loss      fraud.Loss     `json:"loss,omitempty"`
	LossTenge int64          `json:"loss_tenge,omitempty"`
	Words     string         `json:"words,omitempty"`
	Files     []exportedFile `json:"files,omitempty"`
}

// exportedSubject is a number, a card or an account. Of a card nothing but its
// last four digits is kept, so nothing else can be exported.
type exportedSubject struct {
	Kind     fraud.Kind `json:"kind"`
	Shown    string     `json:"shown,omitempty"` // as people read it
	Value    string     `json:"value,omitempty"`
	LastFour string     `json:"last_four,omitempty"`
}

// exportedFile is an attached file; the file itself stays with Telegram.
type exportedFile struct {
	Kind string `json:"kind"`
	ID   string `json:"telegram_file_id"`
}

// exportJSON writes a portrait as an indented JSON document.
func exportJSON(p fraud.Portrait, today fraud.Usage, now time.Time) ([]byte, error) {
	out := exported{
		Format: "saqbol-export/1", ExportedAt: now.In(almaty()), TelegramID: p.Person.ID, Language: p.Person.Lang,
		BlockedBot: p.Person.Gone, Unfinished: exportDraft(p.Session), Reports: []exportedReport{}, NotAScam: exportSubjects(p.Disputes),
	}
	if today != (fraud.Usage{}) {
		out.Today = &exportedCounts{Checked: today.Checks, Reported: today.Reports}
	}
	for _, r := range p.Reports {
		out.Reports = append(out.Reports, exportedReport{
			Code: r.Code, Status: r.Status, Created: r.Created.In(almaty()), Updated: r.Updated.In(almaty()),
			Subjects: exportSubjects(r.Subjects), exportedAnswers: exportAnswers(r.Details),
		})
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

// exportDraft writes an unfinished report, nil where there is none or where it
// can't be read: then its next step closes it.
func exportDraft(s fraud.Session) *exportedDraft {
	if !s.Open() {
		return nil
	}
	d, err := readDraft(s.Draft)
	if err != nil {
		return nil
	}
	out := &exportedDraft{
		Subjects:        exportSubjects(fromDraft(d.Subjects)),
		exportedAnswers: exportAnswers(d.details()),
		Seen:            exportSubjects(fromDraft(d.Offered)),
	}
	if d.Pending != nil {
		out.Meanwhile = &exportedWish{Command: d.Pending.Name, Text: d.Pending.Text, Subjects: exportSubjects(fromDraft(d.Pending.Subjects))}
	}
	return out
}

func exportAnswers(d fraud.Details) exportedAnswers {
	out := exportedAnswers{
		Channel: d.Channel, Claim: d.Claim, Scenario: d.Scenario, Voice: d.Voice, Loss: d.Loss, LossTenge: d.Amount, Words: d.Words,
	}
	if !d.When.IsZero() {
		when := d.When.In(almaty())
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
		s := exportedSubject{Kind: ref.Kind, Shown: ref.Shown, Value: ref.Value}
		if ref.Kind == fraud.KindCard {
			s.Value, s.LastFour = "", ref.Value
		}
		out = append(out, s)
	}
	return out
}
