package handlers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// tipsPerPage is how many tips one page offers; more make a wall of buttons.
const tipsPerPage = 10

// tipScenarios are the scenarios that have a tip: all but "something else".
func tipScenarios() []fraud.Scenario {
	return slices.DeleteFunc(fraud.Scenarios(), func(s fraud.Scenario) bool { return s == fraud.ScenarioOther })
}

// tips answers /tips: the list of scenarios.
func (r *Router) tips(_ context.Context, _ Turn) (Reply, error) {
	return Reply{Messages: []Message{tipPage(0)}}, nil
}

// tipPage is a page of the list, from 0; a page that does not exist is the first.
func tipPage(page int) Message {
	all := tipScenarios()
	pages := (len(all) + tipsPerPage - 1) / tipsPerPage
	if page < 0 || page >= pages {
		page = 0
	}
	m := Message{Text: []locales.Msg{locales.M("tips.list", "Page", page+1, "Pages", pages)}}
	for _, s := range all[page*tipsPerPage : min(len(all), (page+1)*tipsPerPage)] {
		m.Buttons = append(m.Buttons, []Button{{Label: locales.M("scenario." + string(s)), Data: "tip:" + string(s)}})
	}
	var turn []Button
	if page > 0 {
		turn = append(turn, Button{Label: locales.M("tips.previous"), Mark: "◀️", Data: fmt.Sprintf("tip:%d", page-1)})
	}
	if page < pages-1 {
		turn = append(turn, Button{Label: locales.M("tips.more"), Mark: "▶️", Data: fmt.Sprintf("tip:%d", page+1)})
	}
	m.Buttons = append(m.Buttons, turn)
	return m
}

// tipButton answers tip:<scenario> and tip:<page> in place, and tip:+<scenario>,
// which stands under a check, in a message of its own.
func (r *Router) tipButton(ctx context.Context, t Turn) (Reply, error) {
	choice, own := strings.CutPrefix(strings.TrimPrefix(t.Button, "tip:"), "+")
	if page, err := strconv.Atoi(choice); err == nil {
		m := tipPage(page)
		m.Edit = t.Message
		return Reply{Messages: []Message{m}}, nil
	}
	at := slices.Index(tipScenarios(), fraud.Scenario(choice))
	if at < 0 {
		return stale(ctx, t)
	}
	m := Message{
		Text: []locales.Msg{
			locales.M("tips.title", "Scenario", locales.M("scenario."+choice)), {},
			locales.M("tip." + choice), {},
			locales.M("tips.next"),
		},
		Buttons: [][]Button{{{Label: locales.M("tips.back"), Mark: "◀️", Data: fmt.Sprintf("tip:%d", at/tipsPerPage)}}},
		Edit:    t.Message,
	}
	if own {
		m.Edit = 0
	}
	return Reply{Messages: []Message{m}}, nil
}
