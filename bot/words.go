package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// phrases are the words of the Bot API that may be shown, and by which a refusal
// is told from another. Whatever else a description says may repeat what somebody
// wrote, or the address with the token in it.
func phrases() []string {
	return []string{
		"message is not modified", "can't parse entities", "message to edit not found", "message can't be edited",
		"message to delete not found", "message can't be deleted", "message to be replied not found", "message text is empty",
		"message is too long", "text must be non-empty", "chat not found", "user not found", "peer_id_invalid",
		"bot was blocked by the user", "user is deactivated", "bot was kicked", "bot is not a member", "bot can't initiate conversation",
		"bots can't send messages to bots", "not enough rights", "have no rights to send", "group chat was upgraded",
		"query is too old", "query id is invalid", "button_data_invalid", "can't parse inline keyboard", "reply markup is too long",
		"wrong file identifier", "file is too big", "request entity too large", "bad webhook", "terminated by other getupdates request",
		"can't use getupdates method while webhook is active",
	}
}

// phrase is what may be shown of a description.
func phrase(description string) string {
	said := strings.ToLower(description)
	for _, known := range phrases() {
		if strings.Contains(said, known) {
			return known
		}
	}
	return "it gives a reason that is not shown, for it may repeat what somebody wrote"
}

// envelope is what every answer of the Bot API comes in.
type envelope struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result,omitempty"`
	Code        int             `json:"error_code,omitempty"`
	Description string          `json:"description,omitempty"`
	Parameters  struct {
		RetryAfter      int   `json:"retry_after,omitempty"`
		MigrateToChatID int64 `json:"migrate_to_chat_id,omitempty"`
	} `json:"parameters,omitzero"`
}

// opened reads an answer, with a description that may be shown.
func opened(answer []byte) (envelope, error) {
	var e envelope
	if err := json.Unmarshal(answer, &e); err != nil {
		return e, &unreadable{answer: answer, err: wordless(err)}
	}
	if !e.OK {
		e.Description = phrase(e.Description)
	}
	return e, nil
}

// readable is an answer as the library can read it, without words that must not be
// shown: the library puts all of an answer into its errors. A message that a call
// returns is cut down to its id: the library fails on kinds of messages that it
// does not know yet, and what was sent must not be sent again because of that.
func readable(answer []byte) ([]byte, error) {
	e, err := opened(answer)
	if err != nil {
		return nil, err
	}
	if id := messageID(e.Result); e.OK && id != 0 {
		e.Result = fmt.Appendf(nil, `{"message_id":%d}`, id)
	}
	return json.Marshal(e)
}

// messageID is the id of the message that a call returned, 0 where it is none.
func messageID(result []byte) int64 {
	var sent struct {
		ID int64 `json:"message_id"`
	}
	if json.Unmarshal(result, &sent) != nil {
		return 0
	}
	return sent.ID
}

// wordless drops what a JSON decoder repeats of what it can't decode: a number
// that is too long for its field may be a card's.
func wordless(err error) error {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType):
		return errors.New("the answer can't be read: a field has the wrong type: " + wrongType.Field)
	case errors.As(err, &syntax):
		return fmt.Errorf("the answer can't be read: it is not JSON, from byte %d", syntax.Offset)
	}
	return err
}
