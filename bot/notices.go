package bot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"saqbol/fraud"
	"saqbol/locales"
)

const (
	noticePage    = 500                   // notices that are read at once
	noticeSenders = 8                     // sent at the same time, each to another person
	noticeLook    = 5 * time.Second       // between looks for what has fallen due
	noticeStep    = 50 * time.Millisecond // between looks whether a notice may go now
	noticeYield   = 2 * time.Second       // for a chat in which something is going on; then it is left alone for a while
	noticeApart   = 15 * time.Second      // that while
	noticeFails   = 3                     // so many in a row that no server answers: it is the server, not the chat
)

// NoticeBox keeps the notices: messages that nobody waits for.
type NoticeBox interface {
	// Notices returns the notices that are due, at most limit, in order; those that
	// were neither sent nor put off come again.
	Notices(ctx context.Context, now time.Time, limit int) (fraud.DueNotices, error)
	// NoticeStands reports whether a notice that was read is still to be sent: its
	// person may have left meanwhile.
	NoticeStands(ctx context.Context, id int64) (bool, error)
	// NoticesSent forgets notices that were sent or can't ever be.
	NoticesSent(ctx context.Context, ids []int64) error
	// NoticesLater puts off all notices of a person.
	NoticesLater(ctx context.Context, person int64, until time.Time) error
	// NoticesAside keeps notices that can't be read out of the way.
	NoticesAside(ctx context.Context, ids []int64) error
}

// News tells of new notices.
type News interface {
	// News holds something when there are new notices.
	News() <-chan struct{}
}

// noticer sends notices, each at least once and a person's in order. It gives way
// to answers: it takes only what the limits leave over, and never writes into a
// chat in which an update or an answer is under way. A notice that is not sent is
// still a row.
type noticer struct {
	box       NoticeBox
	news      News
	sender    *sender
	turns     *turns                // nil where there are no replicas
	busy      func(chat int64) bool // an update of this chat, or an answer to it, is under way
	waiting   func() bool           // answers wait
	catalogue *locales.Catalogue
	log       *slog.Logger
	clock     func() time.Time
	commit    time.Duration // for one write to the store

	mu     sync.Mutex
	made   []int64 // sent, and not yet forgotten by the store
	failed int     // times in a row that no server answered
	ill    int     // rounds in a row that ended because of that
}

func newNoticer(o Options, s *sender, turns *turns, busy func(int64) bool) *noticer {
	return &noticer{box: o.Journal, news: o.Journal, sender: s, turns: turns, busy: busy, waiting: func() bool { return s.lanes.length() > 0 },
		catalogue: o.Catalogue, log: o.Log, clock: o.Clock, commit: o.Bounds.Commit}
}

// run sends what is due until ctx ends. A call that is being made is finished.
func (n *noticer) run(ctx context.Context) {
	if !sleep(ctx, introduceAfter) { // whoever waited for the start comes first
		return
	}
	fails := 0
	for {
		more, err := n.round(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			fails = 0
		} else if fails++; fails == 1 {
			n.log.Error("notices can't be read or marked as sent now; trying on", "error", err)
		}
		if !more && !n.rest(ctx, max(noticeLook, n.tired(fails))) {
			return
		}
	}
}

// tired is how long to wait after a failure of the store or of the server.
func (n *noticer) tired(fails int) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failed < noticeFails {
		n.ill = 0
	} else {
		n.ill++
	}
	if fails+n.ill == 0 {
		return 0
	}
	return backoff(fails + n.ill)
}

// rest waits for news, at most so long; it reports false where ctx ended.
func (n *noticer) rest(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-n.news.News():
	case <-timer.C:
	}
	return true
}

// round sends one page, and reports whether there may be more to send at once.
func (n *noticer) round(ctx context.Context) (more bool, err error) {
	if err := n.forget(); err != nil {
		return false, err // what was sent would come again
	}
	reading, cancel := context.WithTimeout(ctx, n.commit)
	page, err := n.box.Notices(reading, n.clock(), noticePage)
	cancel()
	if err != nil {
		return false, err
	}
	aside(n.log, "notices", page.Aside)
	n.mu.Lock()
	n.failed = 0
	n.mu.Unlock()
	stopped := n.send(ctx, byPerson(page.Notices))
	return !stopped && len(page.Notices) == noticePage, n.forget()
}

// send delivers what there is for each person, some people at a time. stopped
// means that nothing can be sent now, or that ctx has ended.
func (n *noticer) send(ctx context.Context, lists [][]fraud.Notice) (stopped bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	turns := make(chan struct{}, noticeSenders)
	for _, list := range lists {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-turns }()
			for _, notice := range list {
				if err := n.deliver(ctx, notice); errors.Is(err, errRound) {
					stop()
					return
				} else if err != nil {
					return // the rest of this person's waits behind it
				}
			}
		})
	}
	group.Wait()
	return ctx.Err() != nil
}

// byPerson gathers a page's notices by person: people in the order in which their
// first notice stands there, and each one's in order.
func byPerson(notices []fraud.Notice) [][]fraud.Notice {
	var lists [][]fraud.Notice
	at := map[int64]int{}
	for _, notice := range notices {
		i, ok := at[notice.Person]
		if !ok {
			i = len(lists)
			at[notice.Person] = i
			lists = append(lists, nil)
		}
		lists[i] = append(lists[i], notice)
	}
	return lists
}

// Why a notice was not sent: nobody's can be now, or not this person's.
var (
	errRound = errors.New("no notice can be sent now")
	errChat  = errors.New("this person's notices wait")
)

// deliver sends one notice when its turn has come.
func (n *noticer) deliver(ctx context.Context, notice fraud.Notice) error {
	k, ok := n.render(notice)
	if !ok {
		ctx, cancel := n.writing()
		defer cancel()
		if err := n.box.NoticesAside(ctx, []int64{notice.ID}); err != nil {
			return errChat
		}
		aside(n.log, "notices", 1)
		return nil
	}
	if err := n.turn(ctx, k); err != nil {
		return err
	}
	if ours, err := n.turns.enter(ctx, k.Chat, true); err != nil {
		return errRound
	} else if !ours { // something is going on in this chat, at another replica
		return n.later(k, noticeApart)
	}
	defer n.turns.leave(k.Chat)
	if stands, err := n.box.NoticeStands(ctx, notice.ID); err != nil {
		return errRound
	} else if !stands {
		return nil
	}
	p := &parcel{content: k}
	_, err := n.sender.attempt(p)
	return n.judge(notice, p.call(), err)
}

// render makes the call. A message that the catalogue does not have is not shown
// to anybody: another version of the program may know it.
func (n *noticer) render(notice fraud.Notice) (call, bool) {
	m := locales.Msg{Key: notice.Key, Args: map[string]any{}}
	for name, value := range notice.Args {
		if day, ok := value.(time.Time); ok {
			value = locales.Day(day)
		}
		m.Args[name] = value
	}
	langs := []fraud.Lang{notice.Lang}
	if notice.Lang == "" { // they never said which
		langs = locales.Langs()
	}
	text := ""
	for _, lang := range langs {
		said := n.catalogue.HTML(lang, m)
		if said == notice.Key {
			return call{}, false
		}
		if text != "" {
			text += "\n\n"
		}
		text += said
	}
	return call{Method: methodSend, Chat: notice.Person, Person: notice.Person, Text: text, Born: n.clock().UTC()}, true
}

// turn waits until a notice may be sent: nothing else is going on in its chat, and
// the limits leave room.
func (n *noticer) turn(ctx context.Context, k call) error {
	patience := time.Now().Add(noticeYield)
	for {
		now := time.Now()
		switch {
		case ctx.Err() != nil, n.sender.flood.on():
			return errRound
		case n.busy(k.Chat) || n.sender.holds(k.Chat):
			if now.After(patience) {
				return n.later(k, noticeApart)
			}
		case n.sender.pacer.spare(k, now, n.waiting()):
			return nil
		}
		if !sleep(ctx, noticeStep) {
			return errRound
		}
	}
}

// judge decides what becomes of a notice after its call.
func (n *noticer) judge(notice fraud.Notice, k call, err error) error {
	out := outcomeOf(err)
	n.mu.Lock()
	if out.fate == fateLater {
		n.failed++
	} else {
		n.failed = 0
	}
	failed := n.failed
	n.mu.Unlock()
	switch out.fate {
	case fateDone:
		n.sender.taken(k)
	case fateGone:
		n.sender.depart(k) // their notices go with that
		if err := n.done(notice.ID); err != nil {
			return err
		}
		return errChat
	case fateWait:
		if n.sender.flood.refused(k.Chat, out.wait, time.Now()) {
			n.log.Warn("Telegram limits the whole bot; all answers wait until it takes one", "seconds", int(out.wait.Seconds()))
		}
		return n.later(k, out.wait)
	case fateLater:
		if n.sender.ctx.Err() != nil {
			return errRound // stopped in the middle: the row is still there
		}
		n.sender.notice(err)
		if errors.Is(known(err), ErrToken) || failed >= noticeFails {
			return errRound
		}
		return n.later(k, backoff(failed+2))
	default:
		n.log.Error("Telegram refuses a notice; it is dropped", "error", err)
	}
	return n.done(notice.ID)
}

// done forgets a notice at once, so that little comes twice after a crash.
func (n *noticer) done(id int64) error {
	ctx, cancel := n.writing()
	defer cancel()
	if err := n.box.NoticesSent(ctx, []int64{id}); err != nil {
		n.mu.Lock()
		n.made = append(n.made, id)
		n.mu.Unlock()
		return errRound // the store says what is wrong when it is asked again
	}
	return nil
}

// writing is for one write to the store: what was sent is marked as sent also while
// the bot drains, but a store that hangs must not keep it from stopping.
func (n *noticer) writing() (context.Context, context.CancelFunc) {
	return context.WithTimeout(n.sender.ctx, n.commit)
}

// forget makes up for what done could not.
func (n *noticer) forget() error {
	n.mu.Lock()
	made := n.made
	n.mu.Unlock()
	if len(made) == 0 {
		return nil
	}
	ctx, cancel := n.writing()
	defer cancel()
	if err := n.box.NoticesSent(ctx, made); err != nil {
		return err
	}
	n.mu.Lock()
	n.made = nil
	n.mu.Unlock()
	return nil
}

// later puts off a person's notices.
func (n *noticer) later(k call, wait time.Duration) error {
	ctx, cancel := n.writing()
	defer cancel()
	if err := n.box.NoticesLater(ctx, k.Person, n.clock().Add(wait)); err != nil {
		return errRound
	}
	return errChat
}
