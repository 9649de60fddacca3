package storage

import (
	"context"
	"database/sql"
	"errors"

	"saqbol/fraud"
)

// reportColumns are what scanReport reads.
const reportColumns = `code, person, status, scenario, subjects, details, created, updated, proof`

// scanReport reads a report from a row of reportColumns.
func (s *Store) scanReport(scan func(...any) error) (fraud.Report, error) {
	r, _, err := s.scanReportRow(scan)
	return r, err
}

// scanReportRow is scanReport with the plain part of the row.
func (s *Store) scanReportRow(scan func(...any) error) (r fraud.Report, row reportRow, err error) {
	var subjects, details, proof []byte
	if err := scan(&row.code, &row.person, &row.status, &row.scenario, &subjects, &details, &row.created, &row.updated, &proof); err != nil {
		return r, row, err
	}
	if !s.agrees(row.marking(), proof) {
		return r, row, altered("reports")
	}
	r.Code, r.Status, r.Created, r.Updated = row.code, fraud.Status(row.status), moment(row.created), moment(row.updated)
	var refs []refRow
	if err := s.openJSON(subjects, subjectsPlace(r.Code), &refs); err != nil {
		return r, row, err
	}
	for _, ref := range refs {
		r.Subjects = append(r.Subjects, ref.ref())
	}
	var answers detailsRow
	if err := s.openJSON(details, detailsPlace(r.Code), &answers); err != nil {
		return r, row, err
	}
	r.Details = answers.details()
	return r, row, nil
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
		return nil, s.unreadable("reading a person's reports", err)
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
			return fraud.Report{}, false, s.unreadable("looking for an earlier report", err)
		}
		var found string
		var updated int64
		switch err := row.Scan(&found, &updated); {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return fraud.Report{}, false, s.unreadable("looking for an earlier report", err)
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
		return fraud.Report{}, false, s.unreadable("reading an earlier report", err)
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
