package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// compare holds a database against the people's own record: every promised
// report is there once with what its person said, nothing else is there, and the
// sums agree. What was asked for and not answered may be so or not.
func compare(ctx context.Context, store *storage.Store, keys *seal.Keys, promises []promise) (tally, error) {
	c := &comparison{store: store, keys: keys, voices: map[string]*voices{}}
	people := map[int64][]promise{}
	for _, p := range promises {
		people[p.person] = append(people[p.person], p)
	}
	for person, own := range people {
		if err := c.person(ctx, person, own); err != nil {
			return c.tally, err
		}
	}
	if err := c.sums(ctx); err != nil {
		return c.tally, err
	}
	return c.tally, errors.Join(c.wrong...)
}

// tally is what a comparison counts.
type tally struct {
	lost    int // promised reports that are not there
	doubled int // reports that nobody asked for, or that are there twice
}

// voices is how many people must and may count for a subject.
type voices struct{ least, most int }

type comparison struct {
	tally
	store  *storage.Store
	keys   *seal.Keys
	voices map[string]*voices
	stand  voices // reports that count
	filed  voices // reports in all
	wrong  []error
}

func (c *comparison) complain(format string, args ...any) {
	const enough = 10
	if len(c.wrong) < enough {
		c.wrong = append(c.wrong, fmt.Errorf(format, args...))
	}
}

// person compares one person's reports.
func (c *comparison) person(ctx context.Context, person int64, own []promise) error {
	stored, err := c.store.ReportsOf(ctx, person)
	if err != nil {
		return fmt.Errorf("reading a person's reports: %w", err)
	}
	erasing := slices.ContainsFunc(own, func(p promise) bool { return p.erased == asked })
	erased := slices.ContainsFunc(own, func(p promise) bool { return p.erased == told }) || erasing && len(stored) == 0
	if erased && len(stored) > 0 {
		c.complain("person %d was forgotten, and has %d reports", person, len(stored))
	}
	byCode := map[string]fraud.Report{}
	for _, r := range stored {
		if _, twice := byCode[r.Code]; twice {
			c.doubled++
			c.complain("%s is there twice", r.Code)
		}
		byCode[r.Code] = r
	}
	for _, p := range own {
		r, there := byCode[p.code]
		delete(byCode, p.code)
		c.count(p, there, erased, r.Status)
		switch {
		case erased:
		case p.filed == told && !there:
			c.lost++
			c.complain("%s was promised to person %d and is lost", p.code, person)
		case there:
			c.contents(p, r)
		}
	}
	for code := range byCode {
		c.doubled++
		c.complain("%s of person %d is there, and nobody asked for it", code, person)
	}
	return nil
}

// count adds what a report must and may count for.
func (c *comparison) count(p promise, there, erased bool, status fraud.Status) {
	filed := voices{1, 1}
	if !there && (!erased || p.filed == asked) {
		filed.least = 0
		if !erased {
			filed.most = 0
		}
	}
	stands := filed
	switch {
	case p.withdrawn == told, there && status == fraud.StatusWithdrawn:
		stands = voices{}
	case p.withdrawn == asked && erased:
		stands.least = 0
	}
	c.filed.add(filed)
	c.stand.add(stands)
	for _, subject := range p.subjects {
		if c.voices[subject] == nil {
			c.voices[subject] = &voices{}
		}
		c.voices[subject].add(stands)
	}
}

func (v *voices) add(more voices) { v.least, v.most = v.least+more.least, v.most+more.most }

func (v voices) holds(n int) bool { return v.least <= n && n <= v.most }

// contents compares what a person said with what is kept.
func (c *comparison) contents(p promise, r fraud.Report) {
	want, got := p.details, r.Details
	got.When = time.Time{}
	withdrawn := r.Status == fraud.StatusWithdrawn
	switch {
	case p.withdrawn == told && !withdrawn:
		c.complain("%s was withdrawn and stands", p.code)
	case p.withdrawn == unasked && withdrawn:
		c.complain("%s stands and is withdrawn", p.code)
	}
	if withdrawn {
		want.Words = ""
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		c.complain("%s holds\n  %+v, its person said\n  %+v\n  after: %s", p.code, got, want, p.diary)
	}
	var subjects []string
	for _, ref := range r.Subjects {
		subjects = append(subjects, ref.Value)
	}
	if !slices.Equal(subjects, p.subjects) {
		c.complain("%s is about %v, its person said %v after: %s", p.code, subjects, p.subjects, p.diary)
	}
}

// sums compares what checks read and what /stats tells.
func (c *comparison) sums(ctx context.Context) error {
	health, err := c.store.Check(ctx)
	if err != nil {
		return fmt.Errorf("checking the database: %w", err)
	}
	for _, damage := range health.Damage {
		c.complain("the database is damaged: %s", damage)
	}
	if !c.filed.holds(health.Reports) {
		c.complain("the database holds %d reports, %d to %d were filed", health.Reports, c.filed.least, c.filed.most)
	}
	totals, err := c.store.Totals(ctx, time.Time{})
	if err != nil {
		return fmt.Errorf("reading the totals: %w", err)
	}
	if !c.stand.holds(totals.Reports) {
		c.complain("the totals name %d reports, %d to %d stand", totals.Reports, c.stand.least, c.stand.most)
	}
	subjects := make([]string, 0, len(c.voices))
	keys := make([]fraud.Key, 0, len(c.voices))
	for subject := range c.voices {
		subjects = append(subjects, subject)
	}
	slices.SortFunc(subjects, cmp.Compare[string])
	for _, subject := range subjects {
		keys = append(keys, c.keys.Tokens().Identify(fraud.Subject{Kind: fraud.KindPhone, Value: subject}).Key)
	}
	standings, err := c.store.Standings(ctx, keys)
	if err != nil {
		return fmt.Errorf("reading what is known of the subjects: %w", err)
	}
	for i, s := range standings {
		if v := c.voices[subjects[i]]; !v.holds(s.Reporters) {
			c.complain("%d people reported %s, the check says %d", v.least, subjects[i], s.Reporters)
		}
	}
	return nil
}
