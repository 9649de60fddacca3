package storage

import (
	"saqbol/fraud"
)

// The types here are how values look inside sealed columns. Their names are on
// people's disks: a field may be added, never renamed or given another meaning.

type refRow struct {
	Kind  string `json:"kind"`
	Key   []byte `json:"key"`
	Value string `json:"value"`
	Shown string `json:"shown"`
}

func refRowOf(ref fraud.Ref) refRow {
	return refRow{Kind: string(ref.Kind), Key: ref.Key[:], Value: ref.Value, Shown: ref.Shown}
}

func (r refRow) key() (key fraud.Key) {
	copy(key[:], r.Key)
	return key
}

func (r refRow) ref() fraud.Ref {
	return fraud.Ref{Kind: fraud.Kind(r.Kind), Key: r.key(), Value: r.Value, Shown: r.Shown}
}

func refRows(refs []fraud.Ref) []refRow {
	rows := make([]refRow, len(refs))
	for i, ref := range refs {
		rows[i] = refRowOf(ref)
	}
	return rows
}

type fileRow struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

type detailsRow struct {
	Channel  string    `json:"channel,omitempty"`
	Claim    string    `json:"claim,omitempty"`
	Scenario string    `json:"scenario,omitempty"`
	Voice    string    `json:"voice,omitempty"`
	When     int64     `json:"when,omitempty"`
	Loss     string    `json:"loss,omitempty"`
	Amount   int64     `json:"amount,omitempty"`
	Words    string    `json:"words,omitempty"`
	Files    []fileRow `json:"files,omitempty"`
}

func detailsRowOf(d fraud.Details) detailsRow {
	row := detailsRow{
		Channel: string(d.Channel), Claim: string(d.Claim), Scenario: string(d.Scenario), Voice: string(d.Voice),
		When: millis(d.When), Loss: string(d.Loss), Amount: d.Amount, Words: d.Words,
	}
	for _, file := range d.Files {
		row.Files = append(row.Files, fileRow(file))
	}
	return row
}

func (r detailsRow) details() fraud.Details {
	d := fraud.Details{
		Channel: fraud.Channel(r.Channel), Claim: fraud.Claim(r.Claim), Scenario: fraud.Scenario(r.Scenario), Voice: fraud.Voice(r.Voice),
		When: moment(r.When), Loss: fraud.Loss(r.Loss), Amount: r.Amount, Words: r.Words,
	}
	for _, file := range r.Files {
		d.Files = append(d.Files, fraud.File(file))
	}
	return d
}
