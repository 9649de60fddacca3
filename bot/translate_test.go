package bot

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"saqbol/fraud"
	"saqbol/handlers"
)

const (
	inPrivate = `"chat":{"id":5,"type":"private"},"from":{"id":5,"language_code":"kk"}`
	inGroup   = `"chat":{"id":-9,"type":"supergroup"},"from":{"id":5,"language_code":"kk"}`
)

// private is the Input of a message of person 5 with what the test adds.
func private(change func(*handlers.Input)) handlers.Input {
	in := handlers.Input{Update: 1, Person: 5, Chat: 5, Private: true, Message: 3, Language: "kk"}
	change(&in)
	return in
}

func grouped(change func(*handlers.Input)) handlers.Input {
	return private(func(in *handlers.Input) { in.Chat, in.Private = -9, false; change(in) })
}

func TestTranslateMessages(t *testing.T) {
	file := func(kind string) handlers.Input {
		return private(func(in *handlers.Input) {
			in.Kind, in.File, in.Text = handlers.KindMedia, fraud.File{Kind: kind, ID: "F"}, "caption"
		})
	}
	origins := map[string]string{
		"user":        `{"type":"user","date":1,"sender_user":{"id":8,"is_bot":true,"first_name":"x"}}`,
		"hidden user": `{"type":"hidden_user","date":1,"sender_user_name":"x"}`,
		"chat":        `{"type":"chat","date":1,"sender_chat":{"id":-8,"type":"group"}}`,
		"channel":     `{"type":"channel","date":1,"chat":{"id":-8,"type":"channel"},"message_id":1}`,
	}
	tests := map[string]struct {
		message string
		want    handlers.Input
	}{
		"text":       {`"text":"hi"`, private(func(in *handlers.Input) { in.Text = "hi" })},
		"command":    {`"text":"/Check@our_bot  8 701"`, private(func(in *handlers.Input) { in.Kind, in.Command, in.Text = handlers.KindCommand, "check", "8 701" })},
		"photo":      {`"caption":"caption","photo":[{"file_id":"S","width":9,"height":9},{"file_id":"F","width":90,"height":90},{"file_id":"M","width":50,"height":50}]`, file("photo")},
		"voice":      {`"caption":"caption","voice":{"file_id":"F"}`, file("voice")},
		"document":   {`"caption":"caption","document":{"file_id":"F"}`, file("document")},
		"video":      {`"caption":"caption","video":{"file_id":"F"}`, file("video")},
		"video note": {`"caption":"caption","video_note":{"file_id":"F"}`, file("video")},
		"animation":  {`"caption":"caption","animation":{"file_id":"F"},"document":{"file_id":"D"}`, file("video")},
		"audio":      {`"caption":"caption","audio":{"file_id":"F"}`, file("audio")},
		"album": {`"voice":{"file_id":"F"},"media_group_id":"A"`, private(func(in *handlers.Input) {
			in.Kind, in.File, in.Album = handlers.KindMedia, fraud.File{Kind: "voice", ID: "F"}, "A"
		})},
		"command under a photo": {`"caption":"/report 8 701","photo":[{"file_id":"F"}]`, private(func(in *handlers.Input) {
			in.Kind, in.Command, in.Text, in.File = handlers.KindCommand, "report", "8 701", fraud.File{Kind: "photo", ID: "F"}
		})},
		"contact": {`"contact":{"phone_number":"77011234567","first_name":"x","vcard":"BEGIN:VCARD\nTEL;TYPE=CELL:+7 701 123-45-67\nitem1.TEL:tel:+77273330000\nNOTE:123\nEND:VCARD"}`,
			private(func(in *handlers.Input) { in.Contacts = []string{"77011234567", "+77273330000"} })},
		"links": {`"text":"here and here","entities":[{"type":"text_link","offset":0,"length":4,"url":"tel:+77011234567"},{"type":"bold","offset":0,"length":4},{"type":"text_link","offset":9,"length":4,"url":"https://evil.example"}]`,
			private(func(in *handlers.Input) {
				in.Text, in.Links = "here and here", []string{"tel:+77011234567", "https://evil.example"}
			})},
		"answering": {`"text":"and this?","reply_to_message":{"message_id":2,"date":1,"chat":{"id":5,"type":"private"},"caption":"8 701","contact":{"phone_number":"7702","first_name":"x"}}`,
			private(func(in *handlers.Input) { in.Text, in.Quoted = "and this?", "8 701\n7702" })},
		"quoting": {`"text":"and this?","quote":{"text":"8 701","position":0},"reply_to_message":{"message_id":2,"date":1,"chat":{"id":5,"type":"private"},"text":"all: 8 701, 8 702"}`,
			private(func(in *handlers.Input) { in.Text, in.Quoted = "and this?", "8 701" })},
		"answering from elsewhere": {`"text":"and this?","external_reply":{"origin":` + origins["channel"] + `,"contact":{"phone_number":"7702","first_name":"x"}}`,
			private(func(in *handlers.Input) { in.Text, in.Quoted = "and this?", "7702" })},
		"sticker":  {`"sticker":{"file_id":"F"}`, private(func(in *handlers.Input) { in.Kind = handlers.KindOther })},
		"location": {`"location":{"latitude":1,"longitude":1}`, private(func(in *handlers.Input) { in.Kind = handlers.KindOther })},
		"poll":     {`"poll":{"id":"1","question":"?"}`, private(func(in *handlers.Input) { in.Kind = handlers.KindOther })},
	}
	for name, origin := range origins {
		tests["forwarded from a "+name] = struct {
			message string
			want    handlers.Input
		}{`"text":"/check 8 701","forward_origin":` + origin, private(func(in *handlers.Input) { in.Text, in.Forwarded = "/check 8 701", true })}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			raw := fmt.Sprintf(`{"update_id":1,"message":{"message_id":3,"date":1,%s,%s}}`, inPrivate, test.message)
			translated(t, raw, test.want, true)
		})
	}
}

func translated(t *testing.T, raw string, want handlers.Input, answered bool) {
	t.Helper()
	a := decode([]byte(raw))
	if a.err != nil {
		t.Fatal(a.err)
	}
	got, ok := self{id: 42, username: "Our_Bot"}.translate(a.update)
	if ok != answered {
		t.Fatalf("answered: %v, want %v", ok, answered)
	}
	if diff := cmp.Diff(want, got); ok && diff != "" {
		t.Error(diff)
	}
}

func TestTranslateGroups(t *testing.T) {
	ours := `"reply_to_message":{"message_id":2,"date":1,"chat":{"id":-9,"type":"supergroup"},"from":{"id":42,"is_bot":true},"text":"⚪"}`
	tests := map[string]struct {
		message string
		want    handlers.Input
		ok      bool
	}{
		"talk":                       {`"text":"8 701 123 45 67"`, handlers.Input{}, false},
		"a command":                  {`"text":"/check 8 701"`, grouped(func(in *handlers.Input) { in.Kind, in.Command, in.Text = handlers.KindCommand, "check", "8 701" }), true},
		"our command":                {`"text":"/check@our_bot"`, grouped(func(in *handlers.Input) { in.Kind, in.Command = handlers.KindCommand, "check" }), true},
		"another bot's command":      {`"text":"/check@other_bot"`, handlers.Input{}, false},
		"an answer to us":            {`"text":"why?",` + ours, grouped(func(in *handlers.Input) { in.Text, in.Quoted = "why?", "⚪" }), true},
		"a photo":                    {`"photo":[{"file_id":"F"}]`, handlers.Input{}, false},
		"somebody joins":             {`"new_chat_members":[{"id":7}]`, handlers.Input{}, false},
		"a message is pinned":        {`"pinned_message":{"message_id":2,"date":1,"chat":{"id":-9,"type":"supergroup"},"text":"x"}`, handlers.Input{}, false},
		"a channel's automatic post": {`"text":"/check","is_automatic_forward":true`, handlers.Input{}, false},
		"an anonymous administrator": {`"text":"/check","sender_chat":{"id":-9,"type":"supergroup"}`, handlers.Input{}, false},
		"through another bot":        {`"text":"/check","via_bot":{"id":9,"is_bot":true}`, handlers.Input{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			translated(t, fmt.Sprintf(`{"update_id":1,"message":{"message_id":3,"date":1,%s,%s}}`, inGroup, test.message), test.want, test.ok)
		})
	}
}

func TestTranslateOtherUpdates(t *testing.T) {
	member := func(chat, status string) string {
		return fmt.Sprintf(`{"update_id":1,"my_chat_member":{"date":1,"chat":{"id":5,"type":%q},"from":{"id":5,"language_code":"kk"},`+
			`"old_chat_member":{"status":"member","user":{"id":42}},"new_chat_member":{"status":%q,"user":{"id":42}}}}`, chat, status)
	}
	press := func(message string) string {
		return fmt.Sprintf(`{"update_id":1,"callback_query":{"id":"q","from":{"id":5,"language_code":"kk"},"data":"rep:x"%s}}`, message)
	}
	pressed := func(change func(*handlers.Input)) handlers.Input {
		return private(func(in *handlers.Input) { in.Kind, in.Button = handlers.KindButton, "rep:x"; change(in) })
	}
	same := func(*handlers.Input) {}
	tests := map[string]struct {
		raw  string
		want handlers.Input
		ok   bool
	}{
		"edited":             {`{"update_id":1,"edited_message":{"message_id":3,"date":1,"edit_date":2,` + inPrivate + `,"text":"/check 1"}}`, private(func(in *handlers.Input) { in.Kind, in.Text = handlers.KindEdited, "/check 1" }), true},
		"edited in a group":  {`{"update_id":1,"edited_message":{"message_id":3,"date":1,"edit_date":2,` + inGroup + `,"text":"/check 1"}}`, handlers.Input{}, false},
		"a channel's post":   {`{"update_id":1,"channel_post":{"message_id":3,"date":1,"chat":{"id":-5,"type":"channel"},"text":"8 701"}}`, handlers.Input{}, false},
		"from a bot":         {`{"update_id":1,"message":{"message_id":3,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"is_bot":true},"text":"x"}}`, handlers.Input{}, false},
		"something new":      {`{"update_id":1,"guest_message":{"text":"x"}}`, handlers.Input{}, false},
		"blocked":            {member("private", "kicked"), private(func(in *handlers.Input) { in.Kind, in.Message = handlers.KindBlocked, 0 }), true},
		"back":               {member("private", "member"), private(func(in *handlers.Input) { in.Kind, in.Message = handlers.KindBack, 0 }), true},
		"put into a group":   {member("group", "member"), handlers.Input{}, false},
		"pressed":            {press(`,"message":{"message_id":3,"date":1,"chat":{"id":5,"type":"private"},"text":"x"}`), pressed(same), true},
		"pressed long after": {press(`,"message":{"message_id":3,"date":0,"chat":{"id":5,"type":"private"}}`), pressed(same), true},
		"pressed in a group": {press(`,"message":{"message_id":3,"date":1,"chat":{"id":-9,"type":"group"},"text":"x"}`), pressed(func(in *handlers.Input) { in.Chat, in.Private = -9, false }), true},
		"pressed nowhere":    {press(`,"inline_message_id":"i"`), handlers.Input{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { translated(t, test.raw, test.want, test.ok) })
	}
}
