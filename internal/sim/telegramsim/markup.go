package telegramsim

import (
	"bytes"
	"encoding/json"
	"net"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Button is one button, either under a message or on the keyboard that
// replaces the letters.
type Button struct {
	Text string `json:"text"`
	// Of a button under a message, exactly one of these is set: what the bot
	// gets back, the page that opens, or the text that is copied.
	Data     string `json:"callback_data,omitempty"`
	URL      string `json:"url,omitempty"`
	CopyText string `json:"-"`
	// RequestContact marks a keyboard button that shares the own phone number.
	RequestContact bool `json:"request_contact,omitempty"`
}

// Keyboard replaces the letters under a chat until the bot removes it.
type Keyboard struct {
	Rows    [][]Button
	OneTime bool // it hides after the first use
	Resize  bool
}

// asksContact reports whether the keyboard shows a button for the own number.
func (k *Keyboard) asksContact() bool {
	_, ok := find(k.rows(), func(b Button) bool { return b.RequestContact })
	return ok
}

func (k *Keyboard) rows() [][]Button {
	if k == nil {
		return nil
	}
	return k.Rows
}

// markup is a parsed reply_markup: at most one of its parts is set.
type markup struct {
	inline [][]Button
	raw    json.RawMessage // the inline keyboard as it is shown to the bot again
	board  *Keyboard
	remove bool
}

const (
	maxCallbackData = 64  // bytes
	maxCopyText     = 256 // characters
)

func parseMarkup(text string) (markup, error) {
	if strings.TrimSpace(text) == "" {
		return markup{}, nil
	}
	var wire struct {
		Inline  [][]json.RawMessage `json:"inline_keyboard"`
		Board   [][]json.RawMessage `json:"keyboard"`
		OneTime bool                `json:"one_time_keyboard"`
		Resize  bool                `json:"resize_keyboard"`
		Remove  bool                `json:"remove_keyboard"`
	}
	if err := json.Unmarshal([]byte(text), &wire); err != nil {
		return markup{}, badRequest("can't parse reply keyboard markup JSON object")
	}
	switch {
	case wire.Inline != nil:
		return parseInline(wire.Inline)
	case wire.Board != nil:
		rows, err := parseRows(wire.Board, parseBoardButton)
		return markup{board: &Keyboard{Rows: rows, OneTime: wire.OneTime, Resize: wire.Resize}}, err
	case wire.Remove:
		return markup{remove: true}, nil
	}
	return markup{}, nil
}

func parseInline(wire [][]json.RawMessage) (markup, error) {
	rows, err := parseRows(wire, parseInlineButton)
	if err != nil || len(rows) == 0 {
		return markup{}, err
	}
	raw, err := json.Marshal(map[string]any{"inline_keyboard": wire})
	if err != nil {
		return markup{}, badRequest("can't parse inline keyboard markup JSON object")
	}
	return markup{inline: rows, raw: raw}, nil
}

func parseRows(wire [][]json.RawMessage, parse func(json.RawMessage) (Button, error)) ([][]Button, error) {
	var rows [][]Button
	for _, line := range wire {
		var row []Button
		for _, raw := range line {
			button, err := parse(raw)
			if err != nil {
				return nil, err
			}
			row = append(row, button)
		}
		if len(row) > 0 {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// parseBoardButton accepts a bare string too, which stands for a text button.
func parseBoardButton(raw json.RawMessage) (Button, error) {
	var button Button
	if json.Unmarshal(raw, &button.Text) == nil {
		return button, nil
	}
	if err := json.Unmarshal(raw, &button); err != nil || button.Text == "" {
		return Button{}, badRequest(`can't parse keyboard button: Field "text" must be of type String`)
	}
	return button, nil
}

func parseInlineButton(raw json.RawMessage) (Button, error) {
	var wire struct {
		Button
		Copy   *struct{ Text string } `json:"copy_text"`
		Login  json.RawMessage        `json:"login_url"`
		WebApp json.RawMessage        `json:"web_app"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil || wire.Text == "" {
		return Button{}, badRequest(`can't parse inline keyboard button: Field "text" must be of type String`)
	}
	button := wire.Button
	switch {
	case button.Data != "":
		if len(button.Data) > maxCallbackData {
			return Button{}, badRequest("BUTTON_DATA_INVALID")
		}
	case button.URL != "":
		if !isPublicURL(button.URL) {
			return Button{}, badRequest("inline keyboard button URL '%s' is invalid: Wrong HTTP URL", button.URL)
		}
	case wire.Copy != nil:
		if n := utf8.RuneCountInString(wire.Copy.Text); n == 0 || n > maxCopyText {
			return Button{}, badRequest("BUTTON_COPY_TEXT_INVALID")
		}
		button.CopyText = wire.Copy.Text
	case wire.Login == nil && wire.WebApp == nil:
		return Button{}, badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	}
	return button, nil
}

// isPublicURL refuses what Telegram refuses: other schemes, and hosts that are
// neither an address nor a name with a dot, such as localhost.
func isPublicURL(text string) bool {
	target, err := url.Parse(text)
	if err != nil {
		return false
	}
	if target.Scheme == "tg" {
		return true
	}
	host := target.Hostname()
	return (target.Scheme == "http" || target.Scheme == "https") && (strings.Contains(host, ".") || net.ParseIP(host) != nil)
}

// sameMarkup compares keyboards by what the bot sent, spaces aside.
func sameMarkup(a, b json.RawMessage) bool { return bytes.Equal(a, b) }

// find returns the first button that fits.
func find(rows [][]Button, fits func(Button) bool) (Button, bool) {
	for _, row := range rows {
		for _, button := range row {
			if fits(button) {
				return button, true
			}
		}
	}
	return Button{}, false
}
