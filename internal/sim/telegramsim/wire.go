package telegramsim

import "encoding/json"

// The structs of this file are the JSON of the Bot API, in the order of fields
// that the server uses.

type wireUser struct {
	ID           int64  `json:"id"`
	IsBot        bool   `json:"is_bot"`
	FirstName    string `json:"first_name"`
	LastName     string `json:"last_name,omitempty"`
	Username     string `json:"username,omitempty"`
	LanguageCode string `json:"language_code,omitempty"`
}

type wireChat struct {
	ID        int64  `json:"id"`
	Title     string `json:"title,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Username  string `json:"username,omitempty"`
	Type      string `json:"type"`
}

type wireContact struct {
	PhoneNumber string `json:"phone_number"`
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name,omitempty"`
	UserID      int64  `json:"user_id,omitempty"`
}

type wireOrigin struct {
	Type           string    `json:"type"`
	SenderUser     *wireUser `json:"sender_user,omitempty"`
	SenderUserName string    `json:"sender_user_name,omitempty"`
	Date           int64     `json:"date"`
}

type wireMessage struct {
	MessageID            int64           `json:"message_id"`
	From                 *wireUser       `json:"from,omitempty"`
	SenderChat           *wireChat       `json:"sender_chat,omitempty"`
	BusinessConnectionID string          `json:"business_connection_id,omitempty"`
	Chat                 wireChat        `json:"chat"`
	Date                 int64           `json:"date"`
	EditDate             int64           `json:"edit_date,omitempty"`
	ForwardOrigin        *wireOrigin     `json:"forward_origin,omitempty"`
	ForwardFrom          *wireUser       `json:"forward_from,omitempty"`
	ForwardSenderName    string          `json:"forward_sender_name,omitempty"`
	ForwardDate          int64           `json:"forward_date,omitempty"`
	ReplyToMessage       *wireMessage    `json:"reply_to_message,omitempty"`
	ViaBot               *wireUser       `json:"via_bot,omitempty"`
	HasProtectedContent  bool            `json:"has_protected_content,omitempty"`
	Text                 string          `json:"text,omitempty"`
	Entities             []wireEntity    `json:"entities,omitempty"`
	Contact              *wireContact    `json:"contact,omitempty"`
	ReplyMarkup          json.RawMessage `json:"reply_markup,omitempty"`
}

type wireEntity struct {
	Type     string `json:"type"`
	Offset   int    `json:"offset"`
	Length   int    `json:"length"`
	URL      string `json:"url,omitempty"`
	Language string `json:"language,omitempty"`
}

type wireCallback struct {
	ID           string      `json:"id"`
	From         wireUser    `json:"from"`
	Message      wireMessage `json:"message"`
	ChatInstance string      `json:"chat_instance"`
	Data         string      `json:"data"`
}

type wireMember struct {
	User      wireUser `json:"user"`
	Status    string   `json:"status"`
	UntilDate *int64   `json:"until_date,omitempty"`
}

type wireMemberUpdate struct {
	Chat          wireChat   `json:"chat"`
	From          wireUser   `json:"from"`
	Date          int64      `json:"date"`
	OldChatMember wireMember `json:"old_chat_member"`
	NewChatMember wireMember `json:"new_chat_member"`
}
