package telegramsim

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxText is the length limit of a message's text after parsing, in UTF-16 units.
const maxText = 4096

// richText is a text with its formatting; offsets count UTF-16 units.
type richText struct {
	text     string
	entities []wireEntity
}

// units returns the length in UTF-16 units, in which Telegram counts.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// slice cuts by UTF-16 offsets; it returns "" for offsets outside the text.
func slice(s string, offset, length int) string {
	all := utf16.Encode([]rune(s))
	if offset < 0 || length < 0 || offset+length > len(all) {
		return ""
	}
	return string(utf16.Decode(all[offset : offset+length]))
}

// readText takes text, parse_mode and entities from a request and checks them.
func readText(p params) (richText, error) {
	if !utf8.ValidString(p["text"]) {
		return richText{}, badRequest("strings must be encoded in UTF-8")
	}
	rich := richText{text: p["text"]}
	var err error
	switch mode := strings.ToLower(p["parse_mode"]); {
	case mode == "html":
		rich, err = parseHTML(p["text"])
	case mode != "":
		err = badRequest("unsupported parse_mode")
	case p["entities"] != "":
		rich.entities, err = parseEntities(p["entities"], units(rich.text))
	}
	if err != nil {
		return richText{}, err
	}
	rich = rich.trim()
	if rich.text == "" {
		return richText{}, errTextEmpty
	}
	if units(rich.text) > maxText {
		return richText{}, errTextTooLong
	}
	return rich, nil
}

func parseEntities(text string, length int) ([]wireEntity, error) {
	var entities []wireEntity
	if err := json.Unmarshal([]byte(text), &entities); err != nil {
		return nil, badRequest("can't parse entities JSON object")
	}
	for _, e := range entities {
		if e.Type == "" {
			return nil, badRequest(`can't parse MessageEntity: Field "type" must be of type String`)
		}
		if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > length {
			return nil, badRequest("entity beginning at UTF-16 offset %d ends after the end of the text at UTF-16 offset %d", e.Offset, e.Offset+e.Length)
		}
	}
	return slices.DeleteFunc(entities, func(e wireEntity) bool { return e.Length == 0 }), nil
}

// trim removes white space around the text and moves the entities along.
func (r richText) trim() richText {
	right := strings.TrimRight(r.text, " \t\r\n")
	text := strings.TrimLeft(right, " \t\r\n")
	cut, length := units(right)-units(text), units(text)
	var kept []wireEntity
	for _, e := range r.entities {
		start, end := max(e.Offset-cut, 0), min(e.Offset-cut+e.Length, length)
		if end > start {
			e.Offset, e.Length = start, end-start
			kept = append(kept, e)
		}
	}
	return richText{text: text, entities: kept}
}

// commandEntity marks the bot command that a text begins with, as the server does.
func commandEntity(text string) []wireEntity {
	if len(text) < 2 || text[0] != '/' {
		return nil
	}
	end := strings.IndexFunc(text[1:], func(r rune) bool {
		return !(r == '_' || r == '@' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	})
	length := len(text)
	if end >= 0 {
		length = end + 1
	}
	if length < 2 {
		return nil
	}
	return []wireEntity{{Type: "bot_command", Offset: 0, Length: length}}
}
