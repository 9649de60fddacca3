package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// twoDatabases lets a second program poll with the same token on a database of
// its own, as happens where an old installation is forgotten. Telegram gives each
// update to one of them: drafts may break apart, but no update is lost, and each
// promised report stands in exactly one of the two.
func (k *meeting) twoDatabases(ctx context.Context) error {
	s, err := k.rig.newSite(ctx, "pollers")
	if err != nil {
		return err
	}
	defer s.close()
	other := &site{rig: s.rig, name: s.name + "-other", folder: s.folder + "-other", binary: s.binary, api: s.api, apiURL: s.apiURL, post: s.post}
	if err := os.Mkdir(other.folder, 0o700); err != nil {
		return fmt.Errorf("making a second installation: %w", err)
	}
	if other.listen, err = freeAddress(ctx); err != nil {
		return err
	}
	l := &ledger{}
	first, err := s.start(ctx, polling)
	if err != nil {
		return err
	}
	if err := first.says(ctx, "updates come"); err != nil {
		return err
	}
	for range k.intrusions {
		if err := k.intrude(ctx, s, other, first, l); err != nil {
			return errors.Join(err, first.kill())
		}
		k.intruded.Add(1)
	}
	if _, err := first.stop(); err != nil {
		return err
	}
	t, err := eitherOf(ctx, l.copies(), s.folder, other.folder)
	k.add(l, t)
	return err
}

// intrude has the second program come and go while people check and report.
func (k *meeting) intrude(ctx context.Context, s, other *site, first *process, l *ledger) error {
	checking, reporting := newCrowd(s, l, &numbers{}), newCrowd(s, l, &numbers{next: 100_000})
	checking.kind = func(ctx context.Context, c *citizen) error { return c.check(ctx, 1) }
	checking.come(ctx, 8)
	reporting.kind = func(ctx context.Context, c *citizen) error { // a draft may be torn apart: they give up
		ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
		defer cancel()
		if err := c.report(ctx); ctx.Err() == nil {
			return err
		}
		return errGone
	}
	reporting.come(ctx, 8)
	second, err := other.start(ctx, polling)
	if err != nil {
		return errors.Join(err, s.abandon(checking), s.abandon(reporting))
	}
	s.lives()
	pause(ctx, 12*time.Second)
	_, stopped := second.stop()
	s.lives()
	err = errors.Join(checking.leave(), reporting.leave(), stopped)
	// Each of them learns it at its next poll, unless the other has ended by then.
	const loud = "another program polls with this token"
	if said := first.output() + second.output(); err == nil && !strings.Contains(said, loud) {
		err = fmt.Errorf("nobody says that %s:\n%s", loud, said)
	}
	return err
}

// eitherOf fails where a promised report is not in exactly one of two databases,
// with what its person said.
func eitherOf(ctx context.Context, promises []promise, folders ...string) (t tally, err error) {
	found := map[string]int{}
	c := &comparison{voices: map[string]*voices{}}
	for _, folder := range folders {
		store, _, err := openAt(ctx, folder)
		if err != nil {
			return t, fmt.Errorf("%s: %w", filepath.Base(folder), err)
		}
		for _, p := range promises {
			reports, err := store.ReportsOf(ctx, p.person)
			if err != nil {
				return t, errors.Join(err, store.Close())
			}
			for _, r := range reports {
				if r.Code == p.code {
					found[p.code]++
					c.contents(p, r)
				}
			}
		}
		if err := store.Close(); err != nil {
			return t, err
		}
	}
	for _, p := range promises {
		switch n := found[p.code]; {
		case p.filed == told && n == 0:
			c.lost++
			c.complain("%s was promised to person %d and is in neither database", p.code, p.person)
		case n > 1:
			c.doubled++
			c.complain("%s is in both databases", p.code)
		}
	}
	return c.tally, errors.Join(c.wrong...)
}
