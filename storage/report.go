package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

func subjectsPlace(code string) seal.Place {
	return seal.Place{Table: "reports", Column: "subjects", Row: []byte(code)}
}

func detailsPlace(code string) seal.Place {
	return seal.Place{Table: "reports", Column: "details", Row: []byte(code)}
}

// stands reports whether a report of this status counts.
func stands(status fraud.Status) bool { return status != fraud.StatusWithdrawn }

// reportBefore reads a report as it stands; found is false where there is none.
func (a *applying) reportBefore(ctx context.Context, code string) (old reportRow, found bool, err error) {
	old.code = code
	var proof []byte
	err = a.row(ctx, `SELECT person, status, scenario, created, updated, proof FROM reports WHERE code = $1`, code).
		Scan(&old.person, &old.status, &old.scenario, &old.created, &old.updated, &proof)
	if errors.Is(err, sql.ErrNoRows) {
		return old, false, nil
	}
	if err != nil {
		return old, false, fmt.Errorf("reading a report: %w", err)
	}
	if !a.store.agrees(old.marking(), proof) {
		return old, false, altered("reports")
	}
	return old, true, nil
}

// reportThere is reportBefore for a report that must be there.
func (a *applying) reportThere(ctx context.Context, code string) (reportRow, error) {
	row, found, err := a.reportBefore(ctx, code)
	if err == nil && !found {
		err = fmt.Errorf("%w: a report is missing", ErrDamaged)
	}
	return row, err
}

// file stores a report in place of the person's report with the same code, if
// there is one; it keeps the time it was created at. A subject that stands in
// another report of theirs moves to this one: one person, one subject, one voice.
func (a *applying) file(ctx context.Context) error {
	if a.change.File == nil {
		return nil
	}
	if err := a.known(ctx); err != nil {
		return err
	}
	r := completed(a.change)
	stored, err := a.put(ctx, r)
	if err == nil && !stored {
		err = a.replace(ctx, r)
	}
	if err != nil || !stands(r.Status) {
		return err
	}
	return a.stepUp(ctx, r)
}

// replace puts a report in the place of the one with the same code.
func (a *applying) replace(ctx context.Context, r fraud.Report) error {
	old, err := a.reportThere(ctx, r.Code)
	if err != nil {
		return err
	}
	if string(old.person) != string(a.who[:]) {
		return errCodeTaken
	}
	if stands(fraud.Status(old.status)) {
		if err := a.stepDown(ctx, r.Code, old.scenario); err != nil {
			return err
		}
	}
	r.Created = moment(old.created)
	row, subjects, details, err := a.sealed(r)
	if err != nil {
		return err
	}
	if _, err := a.exec(ctx, `UPDATE reports SET status = $1, scenario = $2, subjects = $3, details = $4, updated = $5, proof = $6 WHERE code = $7`,
		row.status, row.scenario, subjects, details, row.updated, a.store.proofOf(row.marking()), row.code); err != nil {
		return fmt.Errorf("storing a report: %w", err)
	}
	return nil
}

// completed fills in what a report was filed without, and names each subject once.
func completed(c fraud.Change) fraud.Report {
	r := *c.File
	if r.Status == "" {
		r.Status = fraud.StatusReceived
	}
	if r.Created.IsZero() {
		r.Created = c.Now
	}
	if r.Updated.IsZero() {
		r.Updated = c.Now
	}
	seen := map[fraud.Key]bool{}
	r.Subjects = slices.DeleteFunc(slices.Clone(r.Subjects), func(ref fraud.Ref) bool {
		again := seen[ref.Key]
		seen[ref.Key] = true
		return again
	})
	return r
}

// put stores a report under a code that was not used before, and reports whether
// it was not.
func (a *applying) put(ctx context.Context, r fraud.Report) (stored bool, err error) {
	row, subjects, details, err := a.sealed(r)
	if err != nil {
		return false, err
	}
	n, err := a.exec(ctx, `INSERT INTO reports (code, person, status, scenario, subjects, details, created, updated, proof)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (code) DO NOTHING`,
		row.code, row.person, row.status, row.scenario, subjects, details, row.created, row.updated, a.store.proofOf(row.marking()))
	if err != nil {
		return false, fmt.Errorf("storing a report: %w", err)
	}
	return n > 0, nil
}

// sealed is how a report is stored: the plain part of its row, and the sealed ones.
func (a *applying) sealed(r fraud.Report) (row reportRow, subjects, details []byte, err error) {
	row = reportRow{code: r.Code, person: a.who[:], status: string(r.Status), scenario: string(r.Details.Scenario),
		created: millis(r.Created), updated: millis(r.Updated)}
	if subjects, err = a.store.sealJSON(refRows(r.Subjects), subjectsPlace(r.Code)); err != nil {
		return row, nil, nil, err
	}
	details, err = a.store.sealJSON(detailsRowOf(r.Details), detailsPlace(r.Code))
	return row, subjects, details, err
}

// stepUp makes a report count for its subjects.
func (a *applying) stepUp(ctx context.Context, r fraud.Report) error {
	for _, ref := range r.Subjects {
		linked, err := a.link(ctx, r, ref.Key)
		if err == nil && !linked {
			if err = a.takeOver(ctx, ref.Key); err == nil {
				_, err = a.link(ctx, r, ref.Key)
			}
		}
		if err != nil {
			return err
		}
		a.touch(ref.Key, shift{reporters: 1})
	}
	return a.store.addTo(ctx, a.tx, scenarioCounter(string(r.Details.Scenario)), 1)
}

// link makes a report stand for one of its subjects, unless another of the
// person's does.
func (a *applying) link(ctx context.Context, r fraud.Report, subject fraud.Key) (linked bool, err error) {
	n, err := a.exec(ctx, `INSERT INTO report_subjects (subject, person, code, scenario, updated) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (subject, person) DO NOTHING`, subject[:], a.who[:], r.Code, string(r.Details.Scenario), millis(r.Updated))
	if err != nil {
		return false, fmt.Errorf("linking a report with a subject: %w", err)
	}
	return n > 0, nil
}

// stepDown makes a report count no more.
func (a *applying) stepDown(ctx context.Context, code, scenario string) error {
	subjects, err := keysOf(ctx, a.tx, `DELETE FROM report_subjects WHERE code = $1 RETURNING subject`, code)
	if err != nil {
		return fmt.Errorf("unlinking a report from its subjects: %w", err)
	}
	for _, subject := range subjects {
		a.touch(subject, shift{reporters: -1})
	}
	return a.store.addTo(ctx, a.tx, scenarioCounter(scenario), -1)
}

// takeOver frees a subject from the person's other report that holds it. A report
// whose last subject leaves is superseded: it counts no more and reads as
// withdrawn, but keeps its code, its words and that last subject, because the
// person has not taken back what they told.
func (a *applying) takeOver(ctx context.Context, subject fraud.Key) error {
	var code string
	err := a.row(ctx, `DELETE FROM report_subjects WHERE subject = $1 AND person = $2 RETURNING code`, subject[:], a.who[:]).Scan(&code)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("unlinking an earlier report: %w", err)
	}
	a.touch(subject, shift{reporters: -1})
	old, err := a.reportThere(ctx, code)
	if err != nil {
		return err
	}
	var sealed []byte
	if err := a.row(ctx, `SELECT subjects FROM reports WHERE code = $1`, code).Scan(&sealed); err != nil {
		return fmt.Errorf("reading an earlier report: %w", err)
	}
	var refs []refRow
	if err := a.store.openJSON(sealed, subjectsPlace(code), &refs); err != nil {
		return err
	}
	rest := slices.DeleteFunc(refs, func(r refRow) bool { return r.key() == subject })
	if len(rest) == 0 {
		if err := a.putDown(ctx, old); err != nil {
			return err
		}
		return a.store.addTo(ctx, a.tx, scenarioCounter(old.scenario), -1)
	}
	if sealed, err = a.store.sealJSON(rest, subjectsPlace(code)); err != nil {
		return err
	}
	if _, err := a.exec(ctx, `UPDATE reports SET subjects = $1 WHERE code = $2`, sealed, code); err != nil {
		return fmt.Errorf("storing an earlier report: %w", err)
	}
	return nil
}

// putDown marks a report as withdrawn.
func (a *applying) putDown(ctx context.Context, row reportRow) error {
	row.status, row.updated = string(fraud.StatusWithdrawn), millis(a.change.Now)
	if _, err := a.exec(ctx, `UPDATE reports SET status = $1, updated = $2, proof = $3 WHERE code = $4`,
		row.status, row.updated, a.store.proofOf(row.marking()), row.code); err != nil {
		return fmt.Errorf("withdrawing a report: %w", err)
	}
	return nil
}

// withdraw takes a person's own report back. It stays, so that they see it as
// withdrawn, but its words and files go.
func (a *applying) withdraw(ctx context.Context) error {
	code := a.change.Withdraw
	if code == "" {
		return nil
	}
	old, found, err := a.reportBefore(ctx, code)
	if err != nil {
		return err
	}
	if !found || string(old.person) != string(a.who[:]) || !stands(fraud.Status(old.status)) {
		return nil
	}
	if err := a.stepDown(ctx, code, old.scenario); err != nil {
		return err
	}
	if err := a.putDown(ctx, old); err != nil {
		return err
	}
	if err := a.unnotifyAbout(ctx, code); err != nil {
		return err
	}
	return a.wipe(ctx, code)
}

// wipe removes a report's words and files.
func (a *applying) wipe(ctx context.Context, code string) error {
	var sealed []byte
	if err := a.row(ctx, `SELECT details FROM reports WHERE code = $1`, code).Scan(&sealed); err != nil {
		return fmt.Errorf("reading a report: %w", err)
	}
	var details detailsRow
	if err := a.store.openJSON(sealed, detailsPlace(code), &details); err != nil {
		return err
	}
	details.Words, details.Files = "", nil
	sealed, err := a.store.sealJSON(details, detailsPlace(code))
	if err != nil {
		return err
	}
	if _, err := a.exec(ctx, `UPDATE reports SET details = $1 WHERE code = $2`, sealed, code); err != nil {
		return fmt.Errorf("wiping a report's words: %w", err)
	}
	return nil
}
