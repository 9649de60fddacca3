package handlers

import (
	"context"
	"slices"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// settings answers /settings.
func (r *Router) settings(_ context.Context, t Turn) (Reply, error) {
	return Reply{Messages: []Message{settingsMenu(t.Lang)}}, nil
}

func settingsMenu(lang fraud.Lang) Message {
	return Message{
		Text: []locales.Msg{locales.M("settings.head", "Language", locales.M("lang."+string(lang)))},
		Buttons: [][]Button{
			{{Label: locales.M("settings.button.language"), Mark: "🌐", Data: "set:language"}},
			{{Label: locales.M("settings.button.export"), Mark: "📄", Data: "set:export"}},
			{{Label: locales.M("settings.button.erase"), Mark: "🗑", Data: "set:erase"}},
		},
	}
}

// settingsButton answers set:<action>.
func (r *Router) settingsButton(ctx context.Context, t Turn) (Reply, error) {
	actions := map[string]flow{
		"menu":     r.settingsBack,
		"language": r.settingsLanguage,
		"export":   r.export,
		"erase":    r.eraseAsked,
		"erased":   r.erased,
	}
	if run, ok := actions[strings.TrimPrefix(t.Button, "set:")]; ok {
		return run(ctx, t)
	}
	return stale(ctx, t)
}

func (r *Router) settingsBack(_ context.Context, t Turn) (Reply, error) {
	m := settingsMenu(t.Lang)
	m.Edit = t.Message
	return Reply{Messages: []Message{m}}, nil
}

func (r *Router) settingsLanguage(_ context.Context, t Turn) (Reply, error) {
	m := askLanguage()
	m.Edit = t.Message
	m.Buttons = append(m.Buttons, []Button{{Label: locales.M("settings.button.back"), Mark: "◀️", Data: "set:menu"}})
	return Reply{Messages: []Message{m}}, nil
}

// export sends everything stored about the person as a file.
func (r *Router) export(ctx context.Context, t Turn) (Reply, error) {
	if !t.Known.Known {
		return Say(locales.M("settings.nothing_kept")), nil
	}
	portrait, err := r.deps.Store.Portrait(ctx, t.Person)
	if err != nil {
		return Reply{}, unavailable("settings.unavailable", "reading what is kept of a person", err)
	}
	data, err := exportJSON(portrait, r.deps.Quota.Used(ctx, t.Person), t.Now)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Messages: []Message{{
		Text:     []locales.Msg{locales.M("settings.exported")},
		Document: &Document{Name: "saqbol-export.json", Data: data},
	}}}, nil
}

// eraseAsked says what deletion means and asks again.
func (r *Router) eraseAsked(ctx context.Context, t Turn) (Reply, error) {
	if !t.Known.Known {
		return Say(locales.M("settings.nothing_kept")), nil
	}
	text, err := r.erasing(ctx, t, "settings.erase_ask", "settings.erase_reports")
	if err != nil {
		return Reply{}, err
	}
	text = append(append(text, locales.M("settings.erase_counts")), r.afterErasing(ctx, t, "settings.erase_report.")...)
	return Reply{Messages: []Message{{
		Text: append(text, locales.M("settings.erase_final")),
		Buttons: [][]Button{
			{{Label: locales.M("settings.button.erase_yes"), Mark: "🗑", Data: "set:erased"}},
			{{Label: locales.M("settings.button.erase_no"), Mark: "✖️", Data: "set:menu"}},
		},
		Edit: t.Message,
	}}}, nil
}

// erased forgets the person. This message is the last that knows their language.
func (r *Router) erased(ctx context.Context, t Turn) (Reply, error) {
	if !t.Known.Known {
		return Say(locales.M("settings.nothing_kept")), nil
	}
	text, err := r.erasing(ctx, t, "settings.erased", "settings.erased_reports")
	if err != nil {
		return Reply{}, err
	}
	text = append(append(text, r.afterErasing(ctx, t, "settings.erased_report.")...), locales.M("settings.erased_next"))
	return Reply{
		Messages: []Message{{Text: text, Edit: t.Message}},
		Delete:   t.Session.Anchor, // an open report ends with everything else
		Change:   fraud.Change{Erase: true},
	}, nil
}

// erasing begins what is said of an erasure: head, and to somebody whose reports warn
// others what becomes of those.
func (r *Router) erasing(ctx context.Context, t Turn, head, reported string) ([]locales.Msg, error) {
	reports, err := r.deps.Store.ReportsOf(ctx, t.Person)
	if err != nil {
		return nil, wrapReading(err)
	}
	text := []locales.Msg{locales.M(head)}
	if slices.ContainsFunc(reports, func(report fraud.Report) bool { return report.Status != fraud.StatusWithdrawn }) {
		text = append(text, locales.M(reported))
	}
	return text, nil
}

// afterErasing says what a person can still report today once they have erased
// themselves, where anything limits them.
func (r *Router) afterErasing(ctx context.Context, t Turn, key string) []locales.Msg {
	after, limited := r.deps.Quota.erasing(ctx, t.Person)
	switch {
	case after.why == fraud.ExcessErased:
		return []locales.Msg{locales.M(key+"later", "Time", clockTimeOf(after.until))}
	case limited:
		return []locales.Msg{locales.M(key + "once")}
	}
	return nil
}
