package bot

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// model is the linking conversation as one would explain it to a colleague: who
// holds which phone, what each chat is in the middle of, what it is told, and
// which chats got which code.
type model struct {
	holder map[string]string     // phone to chat
	chats  map[string]*modelChat // by address
	used   map[string]bool       // tokens that linked somebody
	codes  []*modelCode
	told   []string // "chat key locale" of the last step
}

type modelChat struct {
	asked     bool
	token     string // that opened the question; empty: a bare one
	waitsFor  string // phone; empty: any
	blocked   bool
	language  string // chosen; empty: none
	supported bool
}

// modelCode is a code that lives, with the chats that have it.
type modelCode struct {
	phone string
	in    map[string]bool
}

func newModel() *model {
	return &model{holder: map[string]string{}, chats: map[string]*modelChat{}, used: map[string]bool{}}
}

func (m *model) chat(address string) *modelChat {
	if m.chats[address] == nil {
		m.chats[address] = &modelChat{}
	}
	return m.chats[address]
}

// holds returns the phone of a chat, or "".
func (m *model) holds(address string) string {
	for phone, holder := range m.holder {
		if holder == address {
			return phone
		}
	}
	return ""
}

// active returns the chat that gets the phone's codes, or "".
func (m *model) active(phone string) string {
	holder := m.holder[phone]
	if holder == "" || m.chat(holder).blocked {
		return ""
	}
	return holder
}

func (m *model) say(address, key string) {
	m.told = append(m.told, address+" "+key+" "+cmp.Or(m.chat(address).language, "en"))
}

// deliver brings codes that live to the chat that may have them by now.
func (m *model) deliver() {
	for _, code := range m.codes {
		if chat := m.active(code.phone); chat != "" {
			code.in[chat] = true
		}
	}
}

// apply does what a person did. Phones of tokens are in waitsFor.
func (m *model) apply(in Inbound, waitsFor map[string]string) {
	m.told = nil
	chat := m.chat(in.Chat)
	if in.writes() && m.holds(in.Chat) != "" {
		chat.blocked = false
		m.deliver()
	}
	switch in.Kind {
	case Start:
		m.start(in, waitsFor)
	case Contact:
		m.share(in)
	case RefusedContact:
		chat.asked = true
		m.say(in.Chat, "not_own_contact")
	case Text:
		if strings.HasPrefix(in.Text, "+") {
			chat.asked = true
			m.say(in.Chat, "type_number_not_enough")
			return
		}
		m.support(in.Chat)
	case Command:
		m.command(in)
	case Press:
		chat.language = in.Action.Locale
		if m.holds(in.Chat) == "" {
			chat.asked = true
		}
		m.say(in.Chat, "language_chosen")
	case Blocked:
		// The network tells of chats that hold nothing, too: they have nothing
		// to lose, and come back by writing.
		chat.blocked = m.holds(in.Chat) != ""
	case Unblocked:
		chat.blocked = false
		m.deliver()
	}
}

func (m *model) start(in Inbound, waitsFor map[string]string) {
	chat, phone, known := m.chat(in.Chat), waitsFor[in.Payload], true
	if in.Payload != "" {
		phone, known = waitsFor[in.Payload]
	}
	switch {
	case !known:
		m.say(in.Chat, "token_unknown")
	case m.used[in.Payload]:
		m.say(in.Chat, "token_used")
	default:
		chat.asked, chat.token, chat.waitsFor = true, in.Payload, phone
		if phone == "" {
			m.say(in.Chat, "greeting_any")
		} else {
			m.say(in.Chat, "greeting")
		}
	}
}

func (m *model) share(in Inbound) {
	chat, former := m.chat(in.Chat), m.holds(in.Chat)
	q := *chat
	if !q.asked {
		q.token, q.waitsFor = "", ""
	}
	switch {
	case !q.asked && former == "":
		m.say(in.Chat, "not_started")
		return
	case q.waitsFor != "" && q.waitsFor != in.Number:
		m.say(in.Chat, "wrong_phone")
		return
	case m.used[q.token]:
		m.say(in.Chat, "token_used")
		return
	}
	if q.token != "" {
		m.used[q.token] = true
	}
	if old := m.active(in.Number); old != "" && old != in.Chat {
		m.say(old, "replaced")
	}
	delete(m.holder, former)
	m.holder[in.Number] = in.Chat
	chat.asked, chat.token, chat.waitsFor, chat.blocked = false, "", "", false
	m.deliver()
	switch former {
	case "":
		m.say(in.Chat, "linked")
	case in.Number:
		m.say(in.Chat, "renewed")
	default:
		m.say(in.Chat, "number_changed")
	}
}

func (m *model) command(in Inbound) {
	switch in.Command {
	case "stop", "unlink":
		if phone := m.holds(in.Chat); phone != "" {
			delete(m.holder, phone)
			m.chat(in.Chat).blocked = false
			m.say(in.Chat, "stopped")
			return
		}
		m.say(in.Chat, "nothing_linked")
	case "help", "privacy", "language":
		m.say(in.Chat, in.Command)
	default:
		m.support(in.Chat)
	}
}

func (m *model) support(address string) {
	if chat := m.chat(address); !chat.supported {
		chat.supported = true
		m.say(address, "support_none")
	}
}

// has lists the chats that hold the code.
func (c *modelCode) has() []string { return slices.Sorted(maps.Keys(c.in)) }
