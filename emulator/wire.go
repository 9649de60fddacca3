package emulator

// The types of the Bot API as they go over the wire, with the fields the
// emulator sends. A test holds every update against data/bot-api.json.

type wireUser struct {
	ID              int64  `json:"id"`
	IsBot           bool   `json:"is_bot"`
	FirstName       string `json:"first_name"`
	Username        string `json:"username,omitempty"`
	LanguageCode    string `json:"language_code,omitempty"`
	CanJoinGroups   *bool  `json:"can_join_groups,omitempty"`
	ReadsAll        *bool  `json:"can_read_all_group_messages,omitempty"`
	SupportsInline  *bool  `json:"supports_inline_queries,omitempty"`
	ConnectBusiness *bool  `json:"can_connect_to_business,omitempty"`
	HasMainWebApp   *bool  `json:"has_main_web_app,omitempty"`
}

type wireChat struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	Title     string `json:"title,omitempty"`
	Username  string `json:"username,omitempty"`
	FirstName string `json:"first_name,omitempty"`
}

type wireOrigin struct {
	Type            string    `json:"type"`
	Date            int64     `json:"date"`
	SenderUser      *wireUser `json:"sender_user,omitempty"`
	SenderUserName  string    `json:"sender_user_name,omitempty"`
	SenderChat      *wireChat `json:"sender_chat,omitempty"`
	Chat            *wireChat `json:"chat,omitempty"`
	MessageID       int64     `json:"message_id,omitempty"`
	AuthorSignature string    `json:"author_signature,omitempty"`
}

// Entity is a stretch of a message's text that means or looks something.
// Offset and Length count UTF-16 code units, as Telegram does.
type Entity struct {
	Type          string `json:"type"`
	Offset        int    `json:"offset"`
	Length        int    `json:"length"`
	URL           string `json:"url,omitempty"`
	Language      string `json:"language,omitempty"`
	CustomEmojiID string `json:"custom_emoji_id,omitempty"`
}

type wirePhoto struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Size     int64  `json:"file_size,omitempty"`
}

type wireDocument struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Name     string `json:"file_name,omitempty"`
	MIME     string `json:"mime_type,omitempty"`
	Size     int64  `json:"file_size,omitempty"`
}

type wireVoice struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Duration int64  `json:"duration"`
	MIME     string `json:"mime_type,omitempty"`
	Size     int64  `json:"file_size,omitempty"`
}

type wireSticker struct {
	FileID     string `json:"file_id"`
	UniqueID   string `json:"file_unique_id"`
	Type       string `json:"type"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	IsAnimated bool   `json:"is_animated"`
	IsVideo    bool   `json:"is_video"`
	Emoji      string `json:"emoji,omitempty"`
}

type wireContact struct {
	Phone     string `json:"phone_number"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name,omitempty"`
	UserID    int64  `json:"user_id,omitempty"`
	VCard     string `json:"vcard,omitempty"`
}

type wireLocation struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// wireMessage is never changed once it stands in a chat: an edit puts a copy in
// its place, so what was given out stays as it was.
type wireMessage struct {
	MessageID       int64         `json:"message_id"`
	From            *wireUser     `json:"from,omitempty"`
	SenderChat      *wireChat     `json:"sender_chat,omitempty"`
	Date            int64         `json:"date"`
	Chat            *wireChat     `json:"chat"`
	ForwardOrigin   *wireOrigin   `json:"forward_origin,omitempty"`
	ReplyTo         *wireMessage  `json:"reply_to_message,omitempty"`
	EditDate        int64         `json:"edit_date,omitempty"`
	Protected       bool          `json:"has_protected_content,omitempty"`
	MediaGroupID    string        `json:"media_group_id,omitempty"`
	Text            string        `json:"text,omitempty"`
	Entities        []Entity      `json:"entities,omitempty"`
	LinkPreview     any           `json:"link_preview_options,omitempty"`
	Document        *wireDocument `json:"document,omitempty"`
	Photo           []wirePhoto   `json:"photo,omitempty"`
	Sticker         *wireSticker  `json:"sticker,omitempty"`
	Voice           *wireVoice    `json:"voice,omitempty"`
	Caption         string        `json:"caption,omitempty"`
	CaptionEntities []Entity      `json:"caption_entities,omitempty"`
	Contact         *wireContact  `json:"contact,omitempty"`
	Location        *wireLocation `json:"location,omitempty"`
	NewMembers      []*wireUser   `json:"new_chat_members,omitempty"`
	MigrateTo       int64         `json:"migrate_to_chat_id,omitempty"`
	MigrateFrom     int64         `json:"migrate_from_chat_id,omitempty"`
	ReplyMarkup     any           `json:"reply_markup,omitempty"`
}

type wireCallback struct {
	ID           string       `json:"id"`
	From         *wireUser    `json:"from"`
	Message      *wireMessage `json:"message,omitempty"`
	ChatInstance string       `json:"chat_instance"`
	Data         string       `json:"data,omitempty"`
}

type wireMember struct {
	Status    string    `json:"status"`
	User      *wireUser `json:"user"`
	UntilDate *int64    `json:"until_date,omitempty"`
}

type wireMembership struct {
	Chat *wireChat  `json:"chat"`
	From *wireUser  `json:"from"`
	Date int64      `json:"date"`
	Old  wireMember `json:"old_chat_member"`
	New  wireMember `json:"new_chat_member"`
}

// wireUpdate has one of its pointers set besides the id.
type wireUpdate struct {
	ID                int64           `json:"update_id"`
	Message           *wireMessage    `json:"message,omitempty"`
	EditedMessage     *wireMessage    `json:"edited_message,omitempty"`
	ChannelPost       *wireMessage    `json:"channel_post,omitempty"`
	EditedChannelPost *wireMessage    `json:"edited_channel_post,omitempty"`
	Callback          *wireCallback   `json:"callback_query,omitempty"`
	MyChatMember      *wireMembership `json:"my_chat_member,omitempty"`
}

// kind is the update's name in allowed_updates; chat is the chat whose order
// it belongs to.
func (u *wireUpdate) kind() (name string, chat int64) {
	switch {
	case u.Message != nil:
		return "message", u.Message.Chat.ID
	case u.EditedMessage != nil:
		return "edited_message", u.EditedMessage.Chat.ID
	case u.ChannelPost != nil:
		return "channel_post", u.ChannelPost.Chat.ID
	case u.EditedChannelPost != nil:
		return "edited_channel_post", u.EditedChannelPost.Chat.ID
	case u.Callback != nil:
		return "callback_query", u.Callback.Message.Chat.ID
	case u.MyChatMember != nil:
		return "my_chat_member", u.MyChatMember.Chat.ID
	}
	return "", 0
}
