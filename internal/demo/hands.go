package demo

import (
	"net/http"

	"otpravka/internal/sim/telegramsim"
)

// What people do with their phones. Who names the person; each act is one that
// the app on the phone really offers.

func (s *stage) who(id string) (*person, error) {
	for _, p := range s.people {
		if p.ID == id {
			return p, nil
		}
	}
	return nil, &refusal{Status: http.StatusNotFound, Code: "nobody", Detail: "There is nobody of this name."}
}

// openLink presses Start, with the payload of a link where there is one.
func (s *stage) openLink(_ *http.Request, in struct{ Who, Link string }) (none, error) {
	p, err := s.who(in.Who)
	if err != nil {
		return none{}, err
	}
	if in.Link == "" {
		p.user.Start(s.bot, "")
		return none{}, nil
	}
	_, err = p.user.OpenLink(in.Link)
	return none{}, err
}

// say writes to the bot.
func (s *stage) say(_ *http.Request, in struct{ Who, Text string }) (none, error) {
	p, err := s.who(in.Who)
	if err == nil && in.Text != "" {
		p.user.Say(s.bot, in.Text)
	}
	return none{}, err
}

// pressKeyboard presses a button of the keyboard that the bot has opened, such
// as the one that shares the own number.
func (s *stage) pressKeyboard(_ *http.Request, in struct{ Who, Text string }) (none, error) {
	p, err := s.who(in.Who)
	if err == nil {
		err = p.user.PressKeyboard(s.bot, in.Text)
	}
	return none{}, err
}

// sendCard attaches somebody else's contact card, as the address book does.
func (s *stage) sendCard(_ *http.Request, in struct{ Who, Of string }) (none, error) {
	p, err := s.who(in.Who)
	if err != nil {
		return none{}, err
	}
	other, err := s.who(in.Of)
	if err == nil {
		p.user.SendContact(s.bot, other.user.OwnContact())
	}
	return none{}, err
}

// write writes to the shop's number in WhatsApp.
func (s *stage) write(_ *http.Request, in struct{ Who, Text string }) (none, error) {
	p, err := s.who(in.Who)
	if err == nil && in.Text != "" && s.whatsapp != nil {
		err = s.whatsapp.write(p, in.Text)
	}
	return none{}, err
}

// press presses a button under a message. The bot's answer shows in the chat.
func (s *stage) press(_ *http.Request, in struct {
	Who     string
	Message int64
	Button  string
},
) (none, error) {
	p, err := s.who(in.Who)
	if err != nil {
		return none{}, err
	}
	for _, m := range p.user.Chat(s.bot).Messages {
		if m.ID == in.Message {
			_, err := p.user.Press(m, in.Button)
			return none{}, err
		}
	}
	return none{}, telegramsim.ErrNoButton
}

// block blocks the bot, or lets it write again.
func (s *stage) block(_ *http.Request, in struct {
	Who string
	On  bool
},
) (none, error) {
	p, err := s.who(in.Who)
	if err != nil {
		return none{}, err
	}
	if in.On {
		p.user.Block(s.bot)
	} else {
		p.user.Unblock(s.bot)
	}
	return none{}, nil
}
