package handlers

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// myPage is how many reports one page of /my shows.
const myPage = 5

// my answers /my: the person's reports with code and status, newest first.
func (r *Router) my(ctx context.Context, t Turn) (Reply, error) {
	reports, err := r.deps.Store.ReportsOf(ctx, t.Person)
	if err != nil {
		return Reply{}, wrapReading(err)
	}
	return Reply{Messages: []Message{myMessage(reports, 0, r.deps.Quota.report(ctx, t.Person))}}, nil
}

// myButton answers my:p:<page>, my:w:<code>:<page> (asks) and my:y:<code>:<page>
// (withdraws).
func (r *Router) myButton(ctx context.Context, t Turn) (Reply, error) {
	reports, err := r.deps.Store.ReportsOf(ctx, t.Person)
	if err != nil {
		return Reply{}, wrapReading(err)
	}
	refused := r.deps.Quota.report(ctx, t.Person)
	parts := strings.Split(t.Button, ":")
	page, _ := strconv.Atoi(parts[len(parts)-1])
	if len(parts) == 3 && parts[1] == "p" {
		return myReply(t, reports, page, refused), nil
	}
	if len(parts) != 4 {
		return Reply{Toast: locales.M("common.stale")}, nil
	}
	i := slices.IndexFunc(reports, func(report fraud.Report) bool { return report.Code == parts[2] })
	switch {
	case i < 0:
		return Reply{Toast: locales.M("common.stale")}, nil
	case reports[i].Status == fraud.StatusWithdrawn:
		reply := myReply(t, reports, page, refused)
		reply.Toast = locales.M("my.withdrawn_already")
		return reply, nil
	case parts[1] == "w":
		return confirmWithdrawal(t, reports[i], page), nil
	case parts[1] != "y":
		return Reply{Toast: locales.M("common.stale")}, nil
	}
	reports = slices.Clone(reports)
	reports[i].Status = fraud.StatusWithdrawn
	reply := myReply(t, reports, page, refused)
	reply.Toast = locales.M("my.withdrawn")
	reply.Change.Withdraw = reports[i].Code
	return reply, nil
}

func myReply(t Turn, reports []fraud.Report, page int, refused refusal) Reply {
	m := myMessage(reports, page, refused)
	m.Edit = t.Message
	return Reply{Messages: []Message{m}}
}

// myMessage is one page of the list; a page that isn't there is the nearest. To
// somebody who can't report now it says from when they can.
func myMessage(reports []fraud.Report, page int, refused refusal) Message {
	none, foot := locales.M("my.none"), locales.M("my.foot")
	if refused.given() {
		from := clockTimeOf(refused.until)
		none, foot = locales.M("my.none_now", "Time", from), locales.M("my.foot_now", "Time", from)
	}
	if len(reports) == 0 {
		return Message{Text: []locales.Msg{none}}
	}
	pages := (len(reports) + myPage - 1) / myPage
	page = min(max(page, 0), pages-1)
	m := Message{Text: []locales.Msg{locales.M("my.head", "Count", len(reports))}}
	for _, report := range reports[page*myPage : min((page+1)*myPage, len(reports))] {
		m.Text = append(append(m.Text, locales.Msg{}), myEntry(report)...)
		if report.Status != fraud.StatusWithdrawn {
			m.Buttons = append(m.Buttons, []Button{{
				Mark: markRemove, Label: locales.M("my.btn.withdraw", "Code", report.Code),
				Data: "my:w:" + report.Code + ":" + strconv.Itoa(page),
			}})
		}
	}
	var turn []Button
	if page > 0 {
		turn = append(turn, Button{Mark: markBack, Label: locales.M("my.btn.newer"), Data: "my:p:" + strconv.Itoa(page-1)})
	}
	if page < pages-1 {
		turn = append(turn, Button{Mark: markNext, Label: locales.M("my.btn.older"), Data: "my:p:" + strconv.Itoa(page+1)})
	}
	if len(turn) > 0 {
		m.Buttons = append(m.Buttons, turn)
	}
	m.Text = append(m.Text, locales.Msg{}, foot)
	return m
}

func myEntry(report fraud.Report) []locales.Msg {
	status := locales.M("status." + string(report.Status))
	entry := []locales.Msg{
		locales.M("my.entry", "Code", report.Code, "Status", status),
		locales.M("my.subjects", "Subjects", shown(toDraft(report.Subjects)), "Day", locales.Day(report.Created)),
	}
	if report.Details.Scenario != "" {
		entry = append(entry, locales.M("my.scenario", "Scenario", scenarioName(report.Details.Scenario)))
	}
	return entry
}

func confirmWithdrawal(t Turn, report fraud.Report, page int) Reply {
	at := strconv.Itoa(page)
	return Reply{Messages: []Message{{
		Text: []locales.Msg{locales.M("my.confirm", "Code", report.Code, "Subjects", shown(toDraft(report.Subjects)))},
		Buttons: [][]Button{
			{{Mark: markRemove, Label: locales.M("my.btn.yes"), Data: "my:y:" + report.Code + ":" + at}},
			{{Mark: markBack, Label: locales.M("my.btn.no"), Data: "my:p:" + at}},
		},
		Edit: t.Message,
	}}}
}
