package bot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-telegram/bot/models"
)

// allowedUpdates are the kinds of updates asked for; anything else would only be
// thrown away.
func allowedUpdates() []string {
	return []string{models.AllowedUpdateMessage, models.AllowedUpdateEditedMessage,
		models.AllowedUpdateCallbackQuery, models.AllowedUpdateMyChatMember}
}

// arrival is one update as it came, decoded on its own: what is wrong with it
// costs nobody else anything.
type arrival struct {
	id     int64 // update_id, or a number made from the text where there is none
	named  bool  // id is Telegram's
	chat   int64 // whose order it belongs to, 0 where that can't be read
	update *models.Update
	origin origin
	raw    []byte
	err    error // why it can't be decoded
}

// origin is who wrote, as far as a broken update shows it.
type origin struct {
	chat     int64
	person   int64
	private  bool
	language string
	query    string // the id of a callback query
}

// Prepare has encoding/json look through the types of an update, which it does at
// their first use and which takes some milliseconds: a start has them beside others.
func Prepare() { decode(json.RawMessage("{}")) }

// decode reads one update. One that can be read as a whole tells its origin; only
// where it can't, what can be had is searched for piece by piece.
func decode(raw json.RawMessage) arrival {
	update := &models.Update{}
	err := json.Unmarshal(raw, update)
	if from, ok := originOf(update); err == nil && ok && update.ID > 0 {
		return arrival{raw: raw, id: update.ID, named: true, chat: from.chat, origin: from, update: update}
	}
	a := arrival{raw: raw}
	a.id, a.named = updateID(raw)
	a.origin = peek(raw)
	a.chat = a.origin.chat
	switch {
	case err != nil:
		a.err = wrongJSON(err)
	case !a.named:
		a.err = errors.New("it has no update_id")
	default:
		a.update = update
	}
	return a
}

// originOf is who wrote an update of the kinds asked for; ok is false for others.
func originOf(u *models.Update) (from origin, ok bool) {
	var user *models.User
	var chat *models.Chat
	switch m, q := or(u.Message, u.EditedMessage), u.CallbackQuery; {
	case m != nil:
		user, chat = m.From, &m.Chat
	case q != nil:
		user, from.query = &q.From, q.ID
		switch {
		case q.Message.Message != nil:
			chat = &q.Message.Message.Chat
		case q.Message.InaccessibleMessage != nil:
			chat = &q.Message.InaccessibleMessage.Chat
		}
	case u.MyChatMember != nil:
		user, chat = &u.MyChatMember.From, &u.MyChatMember.Chat
	default:
		return origin{}, false
	}
	if user != nil {
		from.person, from.language = user.ID, user.LanguageCode
	}
	if chat != nil {
		from.chat, from.private = chat.ID, chat.Type == models.ChatTypePrivate
	}
	return from, true
}

// wrongJSON says what is wrong with an update without a word of what is in it.
func wrongJSON(err error) error {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType):
		return errors.New("a field has the wrong type: " + wrongType.Field)
	case errors.As(err, &syntax):
		return errors.New("it is not JSON, from byte " + strconv.FormatInt(syntax.Offset, 10))
	}
	return errors.New("the library can't decode it") // its words would repeat what it can't decode
}

var idShape = regexp.MustCompile(`^\s*\{\s*"update_id"\s*:\s*([0-9]+)\s*[,}]`)

// updateID reads the id; where there is none it makes a negative one from the
// text, so that a second delivery is still known.
func updateID(raw []byte) (id int64, named bool) {
	var head struct {
		ID json.RawMessage `json:"update_id"`
	}
	if json.Unmarshal(raw, &head) == nil {
		id, err := strconv.ParseInt(strings.Trim(string(head.ID), `"`), 10, 64)
		if err == nil && id > 0 {
			return id, true
		}
	}
	// An update too deep to be decoded tells its id all the same, where Telegram
	// writes it: at the beginning.
	if found := idShape.FindSubmatch(raw); found != nil && bytes.HasSuffix(bytes.TrimSpace(raw), []byte("}")) {
		if id, err := strconv.ParseInt(string(found[1]), 10, 64); err == nil && id > 0 {
			return id, true
		}
	}
	sum := sha256.Sum256(raw)
	return -1 - int64(binary.BigEndian.Uint64(sum[:8])>>1), false
}

// peek reads who wrote and where from an update that may be broken elsewhere.
func peek(raw []byte) origin {
	var parts map[string]json.RawMessage
	if json.Unmarshal(raw, &parts) != nil {
		return origin{}
	}
	for _, kind := range allowedUpdates() {
		body, ok := parts[kind]
		if !ok {
			continue
		}
		fields := object(body)
		out := origin{}
		chat := fields["chat"]
		if kind == models.AllowedUpdateCallbackQuery {
			chat = object(fields["message"])["chat"]
			out.query = text(fields["id"])
		}
		place, from := object(chat), object(fields["from"])
		out.chat, out.private = number(place["id"]), text(place["type"]) == string(models.ChatTypePrivate)
		out.person, out.language = number(from["id"]), text(from["language_code"])
		return out
	}
	return origin{person: somebody(parts)}
}

// somebody is whose an update of another kind is: it goes when they are forgotten.
func somebody(parts map[string]json.RawMessage) int64 {
	for _, kind := range slices.Sorted(maps.Keys(parts)) {
		body := object(parts[kind])
		for _, role := range []string{"from", "user"} {
			if id := number(object(body[role])["id"]); id > 0 {
				return id
			}
		}
	}
	return 0
}

func object(raw json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	return fields
}

func number(raw json.RawMessage) (n int64) {
	if json.Unmarshal(raw, &n) != nil {
		return 0
	}
	return n
}

func text(raw json.RawMessage) (s string) {
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
