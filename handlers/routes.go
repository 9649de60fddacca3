package handlers

import (
	"context"
	"strings"

	"saqbol/locales"
)

// route is a flow and where it may answer.
type route struct {
	run    flow
	public bool // answers in groups too; other flows give a link to the private chat
	keeps  bool // is answered over an open draft, with the button that leads back to it
	over   flow // what answers a command over an open draft, nil = the question whether to drop it
	always bool // needs nothing of the store: answered even while that can't be read
}

// routes is the one table that says which flow answers what.
func (r *Router) routes() {
	r.commands = map[string]route{
		"start":     {run: r.start},
		"check":     {run: r.checkCommand, public: true, over: r.checkFirst},
		"report":    {run: r.reportCommand},
		"my":        {run: r.my, keeps: true},
		"emergency": {run: r.emergency, public: true, keeps: true, always: true},
		"tips":      {run: r.tips, public: true, keeps: true, always: true},
		"stats":     {run: r.stats, public: true, keeps: true},
		"settings":  {run: r.settings, keeps: true},
		"language":  {run: r.language, keeps: true},
		"privacy":   {run: r.privacy, keeps: true, always: true},
		"help":      {run: r.help, public: true, keeps: true, always: true},
		"cancel":    {run: r.cancel, keeps: true},
	}
	r.buttons = map[string]route{
		"lang": {run: r.languageChosen, keeps: true},                              // lang:kk
		"rep":  {run: r.reportFromCheck},                                          // rep:<token>
		"r":    {run: r.reportButton},                                             // r:<draft>:<step>:<choice>
		"my":   {run: r.myButton, keeps: true},                                    // my:<action>:<code>
		"dis":  {run: r.disputeButton, public: true},                              // dis:+<token>, dis:~<token>
		"now":  {run: r.emergencyButton, public: true, keeps: true, always: true}, // now:
		"tip":  {run: r.tipButton, public: true, keeps: true, always: true},       // tip:<scenario>, tip:+<scenario>, tip:<page>
		"set":  {run: r.settingsButton, keeps: true},                              // set:<action>
		"del":  {run: r.deleteMessage},                                            // del:<message id>
		"drop": {run: r.dropDraft},                                                // drop:yes, drop:no, drop:on
	}
	r.sessions = map[string]flow{
		"report": r.reportTyped,
	}
	r.kinds = map[Kind]func(Turn) flow{
		KindText:    r.forText,
		KindCommand: r.forCommand,
		KindButton:  r.forButton,
		KindMedia:   r.forMedia,
		KindOther:   r.forOther,
		KindEdited:  r.forEdited,
		KindBlocked: func(Turn) flow { return r.presence },
		KindBack:    func(Turn) flow { return r.presence },
	}
}

// overDraft is the flow of a route that keeps an open draft: what it shows leads back
// to that.
func (at route) overDraft() flow {
	if !at.keeps {
		return at.run
	}
	return func(ctx context.Context, t Turn) (Reply, error) {
		reply, err := at.run(ctx, t)
		offerDraft(t, &reply)
		return reply, err
	}
}

// regardless reports whether something is answered even while the store can't be
// read, as to somebody of whom nothing is known.
func (r *Router) regardless(in Input) bool {
	var at route
	switch in.Kind {
	case KindCommand:
		at = r.commands[strings.ToLower(in.Command)]
	case KindButton:
		prefix, _, _ := strings.Cut(in.Button, ":")
		at = r.buttons[prefix]
	}
	return at.always && (in.Private || at.public)
}

// find chooses the flow for a turn; what no table knows is met with silence.
func (r *Router) find(t Turn) flow {
	if choose, ok := r.kinds[t.Kind]; ok {
		return choose(t)
	}
	return silence
}

// silence is the deliberate answer to what was not meant for the bot.
func silence(context.Context, Turn) (Reply, error) { return Reply{}, nil }

// stale answers a button that no longer means anything.
func stale(context.Context, Turn) (Reply, error) {
	return Reply{Toast: locales.M("common.stale")}, nil
}

func (r *Router) forCommand(t Turn) flow {
	command, known := r.commands[strings.ToLower(t.Command)]
	switch {
	case !t.Private && !known:
		return silence // in a group it may be for another bot
	case !known:
		return r.unknownCommand
	case !t.Private && !command.public:
		return r.privately
	case t.Private && t.Session.Open() && command.over != nil:
		return command.over
	case t.Private && t.Session.Open() && !command.keeps:
		return r.askDrop
	}
	return command.overDraft()
}

func (r *Router) forButton(t Turn) flow {
	prefix, _, _ := strings.Cut(t.Button, ":")
	if button, known := r.buttons[prefix]; known && (t.Private || button.public) {
		return button.overDraft()
	}
	return stale
}

// conversation is the flow that awaits what a person types or sends, nil where
// none does. Drafts live in the private chat only.
func (r *Router) conversation(t Turn) flow {
	if !t.Private || !t.Session.Open() {
		return nil
	}
	return r.sessions[t.Session.Flow]
}

func (r *Router) forText(t Turn) flow {
	if !t.Private {
		return silence // in a group only commands are for the bot
	}
	if r.strangeCommand(t.Text) {
		return r.unknownCommand
	}
	if run := r.conversation(t); run != nil {
		return run
	}
	return r.check
}

func (r *Router) forMedia(t Turn) flow {
	switch run := r.conversation(t); {
	case !t.Private:
		return silence
	case run != nil:
		return run
	case t.Text != "":
		return r.check
	}
	return r.unknownMedia
}

func (r *Router) forOther(t Turn) flow {
	if !t.Private {
		return silence
	}
	return r.unknownThing
}

// forEdited checks a corrected message again. An answer given to a report stays
// as it was, and the person is told so.
func (r *Router) forEdited(t Turn) flow {
	switch {
	case !t.Private:
		return silence
	case r.conversation(t) != nil:
		return r.reportEdited
	}
	return r.recheck
}
