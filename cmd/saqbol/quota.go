package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"saqbol/fraud"
	"saqbol/handlers"
	"saqbol/storage"
)

// quotaSettings are the settings that limit how much people ask and report.
func quotaSettings(l *fraud.Limits) []struct {
	name string
	into *int
} {
	return []struct {
		name string
		into *int
	}{
		{"SAQBOL_CHECKS_PER_HOUR", &l.ChecksPerHour},
		{"SAQBOL_CHECKS_PER_DAY", &l.ChecksPerDay},
		{"SAQBOL_CHECKS_ALL_PER_DAY", &l.ChecksAll},
		{"SAQBOL_CHECKS_SHARE", &l.ChecksShare},
		{"SAQBOL_REPORTS_PER_DAY", &l.ReportsPerDay},
		{"SAQBOL_REPORTS_ALL_PER_DAY", &l.ReportsAll},
		{"SAQBOL_REPORTS_SHARE", &l.ReportsShare},
	}
}

// maxQuota keeps a slip of the finger from being taken for a limit.
const maxQuota = 100_000_000

func readQuotas(values map[string]string, c *config) error {
	c.quotas = fraud.DefaultLimits()
	var wrong []error
	for _, setting := range quotaSettings(&c.quotas) {
		v := values[setting.name]
		if v == "" {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > maxQuota {
			wrong = append(wrong, fmt.Errorf("%s must be a whole number from 1 to %d, or 0 for no limit; without it %d holds", setting.name, maxQuota, *setting.into))
			continue
		}
		*setting.into = n
	}
	return errors.Join(wrong...)
}

// newQuota counts what people ask and report; dispatchers have no limits. The
// program's own running time is monotonic: nobody can set it.
func newQuota(p parts, store *storage.Store) *handlers.Quota {
	started := time.Now()
	return handlers.NewQuota(handlers.QuotaOptions{Limits: p.quotas, Exempt: p.exempt, Store: store, Shared: replicated(p.database), Log: p.log,
		Clock: p.clock, Running: func() time.Duration { return time.Since(started) }})
}

// quotaGrace is how long keeping the last counts may take at the stop: they are
// not worth more.
const quotaGrace = time.Second

// keepQuota keeps what was counted since the last batch.
func (a *app) keepQuota() {
	ctx, cancel := context.WithTimeout(context.Background(), quotaGrace)
	defer cancel()
	if err := a.quota.Flush(ctx); err != nil {
		a.log.Warn("the last questions are not counted: people may ask a few more today", "error", err)
	}
}
