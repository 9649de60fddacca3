package handlers

import (
	"context"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// disputeButton answers dis:<token>: a person says that a subject is not a scam,
// or takes that back. The check it stands under is shown anew.
func (r *Router) disputeButton(ctx context.Context, t Turn) (Reply, error) {
	token := strings.TrimPrefix(t.Button, "dis:")
	ref, ok := r.deps.Tokens.Open(token)
	if !ok {
		return stale(ctx, t)
	}
	disputed, err := r.deps.Store.Disputed(ctx, t.Person, ref.Key)
	if err != nil {
		return Reply{}, unavailable("check.unavailable", "reading whether the person objects", err)
	}
	refused := r.deps.Quota.check(ctx, t.Person, 1) // the answer shows the check anew
	if refused.given() {
		return disputeUnseen(ref, disputed, refused), nil
	}
	f, err := r.known(ctx, ref)
	if err != nil {
		r.deps.Quota.giveBack(t.Person, 1)
		return Reply{}, err
	}
	f.notAfter(t.Now)
	// The store still says what was; the person sees what will be.
	reply := Reply{Change: fraud.Change{Dispute: &fraud.Dispute{Subject: ref, On: !disputed}}}
	switch {
	case disputed:
		reply.Toast = locales.M("dispute.off")
		f.verdict.Standing.Disputes = max(0, f.verdict.Standing.Disputes-1)
	case disputable(f.verdict.Level):
		reply.Toast = locales.M("dispute.on")
		f.verdict.Standing.Disputes++
	default: // the reports were withdrawn meanwhile
		reply = Reply{Toast: locales.M("dispute.needless")}
	}
	m := Message{Edit: t.Message, Text: append(block(f, t.Lang, false), locales.Msg{}, next([]finding{f}))}
	report, err := r.reportLink(t, locales.M("check.button.report"), ref)
	if err != nil {
		return Reply{}, err
	}
	m.Buttons = [][]Button{{report}, nowButton()}
	if disputable(f.verdict.Level) {
		m.Buttons = append(m.Buttons, []Button{disputeButtonFor(token, t.Private && !disputed)})
	}
	addTip(&m, []finding{f})
	reply.Messages = []Message{m}
	return reply, nil
}

// known judges a subject of which only the kept form is at hand.
func (r *Router) known(ctx context.Context, ref fraud.Ref) (finding, error) {
	standings, err := r.deps.Store.Standings(ctx, []fraud.Key{ref.Key})
	if err != nil {
		return finding{}, unavailable("check.unavailable", "reading what was reported", err)
	}
	subject := fraud.Subject{Kind: ref.Kind, Value: ref.Value, Shown: ref.Shown}
	if ref.Kind != fraud.KindCard { // of a card only four digits are left
		for _, s := range r.deps.Recognise.Find(ref.Value) {
			if s.Kind == ref.Kind && s.Value == ref.Value {
				subject = s
			}
		}
	}
	verdict := fraud.Judge(ref.Kind, standings[0], r.deps.Official.Find(ref.Kind, ref.Value))
	return finding{subject: subject, ref: ref, verdict: verdict}, nil
}
