package fraud

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"time"
)

// Official is a number that belongs to a bank or an agency.
type Official struct {
	Number  string          // E.164, or the digits of a short number
	Names   map[Lang]string // whose number it is
	Source  string          // where this was read
	Checked time.Time       // when it was last checked, a date in UTC
}

// Directory finds official numbers. The zero Directory is empty.
type Directory struct{ byNumber map[string]*Official }

//go:embed official.csv
var officialCSV []byte

// DefaultDirectory is the directory that comes with the program, official.csv.
func DefaultDirectory() (Directory, error) { return ReadDirectory(bytes.NewReader(officialCSV)) }

// ReadDirectory reads a directory: CSV with the columns number, name_kk, name_ru,
// source and checked (a date, 2026-11-22), with a heading line. An error names
// the line that is wrong.
func ReadDirectory(r io.Reader) (Directory, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = 5
	in.Comment = '#'
	d := Directory{byNumber: map[string]*Official{}}
	for heading := true; ; heading = false {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return d, nil
		}
		if err != nil {
			return Directory{}, fmt.Errorf("reading the official numbers: %w", err)
		}
		if heading {
			continue
		}
		line, _ := in.FieldPos(0)
		entry, err := officialFrom(row)
		if err != nil {
			return Directory{}, fmt.Errorf("reading the official numbers, line %d: %w", line, err)
		}
		d.byNumber[entry.Number] = entry
	}
}

func officialFrom(row []string) (*Official, error) {
	for i, name := range []string{"number", "name_kk", "name_ru", "source"} {
		if row[i] == "" {
			return nil, fmt.Errorf("%s is empty", name)
		}
	}
	checked, err := time.Parse(time.DateOnly, row[4])
	if err != nil {
		return nil, fmt.Errorf("checked is not a date like 2026-11-22: %w", err)
	}
	return &Official{Number: row[0], Names: map[Lang]string{Kazakh: row[1], Russian: row[2]}, Source: row[3], Checked: checked}, nil
}

// Find returns the official entry of a subject's number, nil where there is none.
func (d Directory) Find(kind Kind, value string) *Official {
	if kind != KindPhone && kind != KindShort {
		return nil
	}
	return d.byNumber[value]
}

// Len is how many numbers the directory holds.
func (d Directory) Len() int { return len(d.byNumber) }
