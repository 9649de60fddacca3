package recognize

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
	"time"
)

//go:embed banks.csv
var banksCSV string

//go:embed operators.csv
var operatorsCSV string

//go:embed shorts.csv
var shortsCSV string

// readTable reads an embedded CSV file: comments after #, one heading line.
func readTable(name, content string, columns int) ([][]string, error) {
	in := csv.NewReader(strings.NewReader(content))
	in.Comment = '#'
	in.FieldsPerRecord = columns
	rows, err := in.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("reading %s: it is empty", name)
	}
	return rows[1:], nil
}

// readNames reads a file of facts whose last two columns are source and date,
// and returns what the second column says of the first.
func readNames(name, content string, columns, digits int) (map[string]string, error) {
	rows, err := readTable(name, content, columns)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(rows))
	for _, row := range rows {
		if !onlyDigits(row[0]) || digits > 0 && len(row[0]) != digits {
			return nil, fmt.Errorf("reading %s: %q is no number of the kind it lists", name, row[0])
		}
		if row[1] == "" || row[columns-2] == "" {
			return nil, fmt.Errorf("reading %s: %s has an empty column", name, row[0])
		}
		if _, err := time.Parse(time.DateOnly, row[columns-1]); err != nil {
			return nil, fmt.Errorf("reading %s: the date of %s: %w", name, row[0], err)
		}
		names[row[0]] = row[1]
	}
	return names, nil
}

// onlyDigits reports whether s is made of ASCII digits and not empty.
func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
