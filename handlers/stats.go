package handlers

import (
	"context"
	"time"

	"saqbol/locales"
)

// recent is the time that /stats calls "the last 7 days".
const recent = 7 * 24 * time.Hour

// topScenarios is how many scenarios /stats names.
const topScenarios = 5

// stats answers /stats: what all people together have reported.
func (r *Router) stats(ctx context.Context, t Turn) (Reply, error) {
	totals, err := r.deps.Store.Totals(ctx, t.Now.Add(-recent))
	if err != nil {
		return Reply{}, unavailable("stats.unavailable", "reading the totals", err)
	}
	if totals.Reports == 0 {
		return Say(locales.M("stats.none")), nil
	}
	text := []locales.Msg{locales.M("stats.sums", "Reports", totals.Reports, "Recent", totals.Recent, "Subjects", totals.Subjects)}
	if len(totals.Top) > 0 {
		text = append(text, locales.Msg{}, locales.M("stats.top"))
	}
	for i, top := range totals.Top[:min(len(totals.Top), topScenarios)] {
		text = append(text, locales.M("stats.line", "Place", i+1, "Scenario", locales.M("scenario."+string(top.Scenario)), "Count", top.Count))
	}
	return Say(append(text, locales.Msg{}, locales.M("stats.next"))...), nil
}
