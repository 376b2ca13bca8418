package otpcore

import (
	"slices"
	"strings"
)

// Message is a rendered text for one recipient. It is never logged: its text
// holds the code.
type Message struct {
	Text     string
	Mono     []Span     // parts that the reader taps to copy, the code first of all
	Buttons  [][]Button // rows under the message
	Keyboard Keyboard
}

// Span is a part of a text, as a half-open range of bytes.
type Span struct{ Start, End int }

// Button is one button under a message. Exactly one of Copy, Action and URL is
// set.
type Button struct {
	Label  string
	Copy   string // text put on the clipboard
	Action Action // comes back to us when pressed
	URL    string
}

// Keyboard is what a chat shows in place of the letters.
type Keyboard struct {
	SharePhone string // label of the one button that shares the person's number
	Remove     bool
}

// ActionVerb is what pressing a button asks for.
type ActionVerb string

// The verbs of buttons.
const (
	ActNotMe  ActionVerb = "notme" // "It wasn't me": cancel the verification
	ActPause  ActionVerb = "pause" // pause codes for this phone
	ActNoStop ActionVerb = "nopause"
	ActResume ActionVerb = "resume" // lift a pause

	// With a shared bot, about the business that the button names.
	ActJoin    ActionVerb = "join" // link for it
	ActQuit    ActionVerb = "quit" // end its links with this chat
	ActHelp    ActionVerb = "help"
	ActPrivacy ActionVerb = "privacy"
	ActMute    ActionVerb = "mute" // keep messages about orders out of the chat
	ActUnmute  ActionVerb = "unmute"
	ActSpeak   ActionVerb = "speak" // use another language in this chat
)

// Action travels with a button to the messenger and comes back when somebody
// presses it. The ID names a verification, on which only the chat that got the
// message may act, or a business of a shared bot; with ActSpeak there is none,
// and Locale names the language.
type Action struct {
	Verb   ActionVerb
	ID     ID
	Locale string
}

// Under puts the name of whom the message comes from before it, unless it
// begins with that already.
func (m Message) Under(name string) Message {
	if strings.HasPrefix(m.Text, name+":") {
		return m
	}
	heading := name + "\n"
	m.Text = heading + m.Text
	m.Mono = slices.Clone(m.Mono)
	for i := range m.Mono {
		m.Mono[i].Start += len(heading)
		m.Mono[i].End += len(heading)
	}
	return m
}
