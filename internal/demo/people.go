package demo

import (
	"slices"
	"time"

	"otpravka/internal/sim/telegramsim"
)

// person is somebody with a phone that the page shows.
type person struct {
	ID    string
	Name  string
	About string
	Phone string
	user  *telegramsim.User
	lang  string // of the app on the phone
}

// shopsNumber is that of the shop's own phone.
const shopsNumber = "+77010000001"

// The phones that a visitor of the page may hold.
const (
	anna     = "anna"
	stranger = "stranger"
)

func (w *world) people(l language) []*person {
	all := []*person{
		{ID: anna, Name: l.anna, About: "the customer", Phone: annasPhone},
		{ID: stranger, Name: l.stranger, About: "a stranger", Phone: strangePhone},
	}
	for _, p := range all {
		p.user, p.lang = w.person(p.Name, p.Phone, l.Code), l.Code
		if w.whatsapp != nil {
			w.whatsapp.install(p)
		}
	}
	return all
}

// phoneView is a phone as the page draws it.
type phoneView struct {
	Started  bool          `json:"started"`
	Blocked  bool          `json:"blocked"`
	Keyboard []buttonView  `json:"keyboard"`
	About    string        `json:"about"` // what the bot says of itself in an empty chat
	Menu     []commandView `json:"menu"`
	Messages []messageView `json:"messages"`
	WhatsApp []talkView    `json:"whatsapp"` // nil: not in this build
	SMS      []smsView     `json:"sms"`
}

type commandView struct {
	Command string `json:"command"`
	About   string `json:"about"`
}

type messageView struct {
	ID      int64          `json:"id"`
	Mine    bool           `json:"mine"`
	Text    string         `json:"text"`
	Marks   []markView     `json:"marks"`
	Buttons [][]buttonView `json:"buttons"`
	Contact *contactView   `json:"contact"`
	At      time.Time      `json:"at"`
	Edited  bool           `json:"edited"`
}

// markView is a part of a text that a tap copies; it counts UTF-16 units, as
// browsers do.
type markView struct {
	Offset int `json:"offset"`
	Length int `json:"length"`
}

type buttonView struct {
	Text    string `json:"text"`
	Data    string `json:"data,omitempty"`
	Copy    string `json:"copy,omitempty"`
	URL     string `json:"url,omitempty"`
	Contact bool   `json:"contact,omitempty"`
}

type contactView struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// talkView is a message in WhatsApp, the shop's or the person's own.
type talkView struct {
	ID     string    `json:"id"`
	Mine   bool      `json:"mine"`
	Text   string    `json:"text"`
	Code   string    `json:"code"`
	At     time.Time `json:"at"`
	Edited bool      `json:"edited"`
}

type smsView struct {
	ID   string    `json:"id"`
	Text string    `json:"text"`
	Code string    `json:"code"`
	At   time.Time `json:"at"`
}

// view draws the person's phone as it is now.
func (w *world) view(p *person) phoneView {
	chat := p.user.Chat(w.bot)
	v := phoneView{
		Started: chat.Started, Blocked: chat.Blocked,
		Keyboard: []buttonView{}, Messages: []messageView{}, SMS: []smsView{},
	}
	profile := w.profile(p.lang)
	v.About, v.Menu = profile.Description, []commandView{}
	for _, c := range profile.Commands {
		v.Menu = append(v.Menu, commandView{"/" + c.Command, c.Description})
	}
	if chat.Keyboard != nil {
		v.Keyboard = viewButtons(slices.Concat(chat.Keyboard.Rows...))
	}
	for _, m := range chat.Messages {
		if !m.Deleted {
			v.Messages = append(v.Messages, viewMessage(m))
		}
	}
	if w.whatsapp != nil {
		v.WhatsApp = w.whatsapp.chat(p)
	}
	for _, m := range w.sms.Inbox(p.Phone) {
		v.SMS = append(v.SMS, smsView{ID: m.ID, Text: m.Text, Code: m.Code(), At: m.Time})
	}
	return v
}

// profile is what the bot's page says in the language, or else to everybody.
func (w *world) profile(lang string) telegramsim.Profile {
	if own := w.bot.Profile(lang); len(own.Commands) > 0 {
		return own
	}
	return w.bot.Profile("")
}

func viewMessage(m telegramsim.Message) messageView {
	v := messageView{ID: m.ID, Mine: !m.FromBot, Text: m.Text, At: m.Date, Edited: m.Edited()}
	for _, e := range m.Entities {
		if e.Type == "code" {
			v.Marks = append(v.Marks, markView{e.Offset, e.Length})
		}
	}
	for _, row := range m.Buttons {
		v.Buttons = append(v.Buttons, viewButtons(row))
	}
	if m.Contact != nil {
		v.Contact = &contactView{m.Contact.FirstName, m.Contact.Phone}
	}
	return v
}

func viewButtons(row []telegramsim.Button) []buttonView {
	out := make([]buttonView, 0, len(row))
	for _, b := range row {
		out = append(out, buttonView{Text: b.Text, Data: b.Data, Copy: b.CopyText, URL: b.URL, Contact: b.RequestContact})
	}
	return out
}
