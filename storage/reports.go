package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"saqbol/fraud"
)

// reportColumns are what scanReport reads.
const reportColumns = `code, status, subjects, details, created, updated`

// scanReport reads a report from a row of reportColumns.
func (s *Store) scanReport(scan func(...any) error) (fraud.Report, error) {
	var r fraud.Report
	var subjects, details []byte
	var created, updated int64
	if err := scan(&r.Code, &r.Status, &subjects, &details, &created, &updated); err != nil {
		return r, err
	}
	r.Created, r.Updated = moment(created), moment(updated)
	var refs []refRow
	if err := s.openJSON(subjects, subjectsPlace(r.Code), &refs); err != nil {
		return r, err
	}
	for _, ref := range refs {
		r.Subjects = append(r.Subjects, ref.ref())
	}
	var row detailsRow
	if err := s.openJSON(details, detailsPlace(r.Code), &row); err != nil {
		return r, err
	}
	r.Details = row.details()
	return r, nil
}

// ReportsOf returns a person's reports, newest first, withdrawn ones too.
func (s *Store) ReportsOf(ctx context.Context, person int64) (reports []fraud.Report, err error) {
	defer s.measure(OpReports, s.begun(), &err)
	who := s.person(person)
	err = s.read.query(ctx, func(rows *sql.Rows) error {
		r, err := s.scanReport(rows.Scan)
		reports = append(reports, r)
		return err
	}, `SELECT `+reportColumns+` FROM reports WHERE person = $1 ORDER BY created DESC, code`, who[:])
	if err != nil {
		return nil, fmt.Errorf("reading a person's reports: %w", err)
	}
	return reports, nil
}

// Overlapping returns the person's standing report that shares a subject with
// keys, the one updated last if there are several; ok is false where none does.
func (s *Store) Overlapping(ctx context.Context, person int64, keys []fraud.Key) (report fraud.Report, ok bool, err error) {
	defer s.measure(OpOverlapping, s.begun(), &err)
	who := s.person(person)
	var code string
	var latest int64
	for _, key := range keys {
		row, err := s.read.row(ctx, `SELECT code, updated FROM report_subjects WHERE subject = $1 AND person = $2`, key[:], who[:])
		if err != nil {
			return fraud.Report{}, false, fmt.Errorf("looking for an earlier report: %w", err)
		}
		var found string
		var updated int64
		switch err := row.Scan(&found, &updated); {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return fraud.Report{}, false, fmt.Errorf("looking for an earlier report: %w", err)
		case code == "" || updated > latest || updated == latest && found < code:
			code, latest = found, updated
		}
	}
	if code == "" {
		return fraud.Report{}, false, nil
	}
	row, err := s.read.row(ctx, `SELECT `+reportColumns+` FROM reports WHERE code = $1`, code)
	if err == nil {
		report, err = s.scanReport(row.Scan)
	}
	if err != nil {
		return fraud.Report{}, false, fmt.Errorf("reading an earlier report: %w", err)
	}
	return report, true, nil
}

// Portrait returns everything stored about a person; Person.Known is false where
// that is nothing. What waits in the outbox is not part of it: they get it anyway.
func (s *Store) Portrait(ctx context.Context, person int64) (fraud.Portrait, error) {
	var p fraud.Portrait
	var err error
	if p.Person, p.Session, err = s.Turn(ctx, person); err != nil {
		return fraud.Portrait{}, err
	}
	if p.Reports, err = s.ReportsOf(ctx, person); err != nil {
		return fraud.Portrait{}, err
	}
	if p.Disputes, err = s.disputesOf(ctx, person); err != nil {
		return fraud.Portrait{}, err
	}
	return p, nil
}
