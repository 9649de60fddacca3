package handlers

import (
	"context"
	"strings"

	"saqbol/fraud"
	"saqbol/locales"
)

// What a button does to an objection: the sign between dis: and the token, neither
// of which is a letter of tokens. A button without a sign, as they were made before,
// turns the objection over.
const (
	disputeOn  = "+"
	disputeOff = "~"
)

// disputeButton answers dis:+<token> and dis:~<token>: a person says that a subject
// is not a scam, or takes that back. A second press says the same again and changes
// nothing. The check it stands under is shown anew.
func (r *Router) disputeButton(ctx context.Context, t Turn) (Reply, error) {
	sign, token := signed(strings.TrimPrefix(t.Button, "dis:"))
	ref, ok := r.deps.Tokens.Open(token)
	if !ok {
		return stale(ctx, t)
	}
	disputed, err := r.deps.Store.Disputed(ctx, t.Person, ref.Key)
	if err != nil {
		return Reply{}, unavailable("check.unavailable", "reading whether the person objects", err)
	}
	on := sign == disputeOn || sign == "" && !disputed
	refused := r.deps.Quota.check(ctx, t.Person, 1) // the answer shows the check anew
	if refused.given() {
		return disputeUnseen(ref, disputed, on, refused), nil
	}
	f, err := r.known(ctx, ref)
	if err != nil {
		r.deps.Quota.giveBack(t.Person, 1)
		return Reply{}, err
	}
	f.notAfter(t.Now)
	reply := objected(&f, disputed, on)
	m := Message{Edit: t.Message, Text: append(block(f, t.Lang, false), locales.Msg{}, next([]finding{f}))}
	report, err := r.reportLink(t, locales.M("check.button.report"), ref)
	if err != nil {
		return Reply{}, err
	}
	m.Buttons = [][]Button{{report}, nowButton()}
	if disputable(f.verdict.Level) {
		m.Buttons = append(m.Buttons, []Button{disputeButtonFor(token, t.Private && on)})
	}
	addTip(&m, []finding{f})
	reply.Messages = []Message{m}
	return reply, nil
}

// signed parts the sign from the token of a button.
func signed(data string) (sign, token string) {
	for _, sign := range []string{disputeOn, disputeOff} {
		if token, ok := strings.CutPrefix(data, sign); ok {
			return sign, token
		}
	}
	return "", data
}

// objected is what an objection, or the end of one, changes and says. The store
// still has what was; the finding gets what the person shall see.
func objected(f *finding, disputed, on bool) Reply {
	count := &f.verdict.Standing.Disputes
	switch {
	case !on && disputed:
		*count = max(0, *count-1)
	case on && !disputed && !disputable(f.verdict.Level): // the reports were withdrawn meanwhile
		return Reply{Toast: locales.M("dispute.needless")}
	case on && !disputed:
		*count++
	}
	reply := Reply{Toast: disputeSaid(on)}
	if on != disputed {
		reply.Change.Dispute = &fraud.Dispute{Subject: f.ref, On: on}
	}
	return reply
}

func disputeSaid(on bool) locales.Msg {
	if on {
		return locales.M("dispute.on")
	}
	return locales.M("dispute.off")
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
