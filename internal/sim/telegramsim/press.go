package telegramsim

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"otpravka/internal/sim/feed"
)

// ErrNoButton is the answer to a press on a button that is not on the screen.
var ErrNoButton = errors.New("no such button on the screen")

// Press is a button press under way.
type Press struct {
	srv    *Server
	bot    *Bot
	user   *User
	button Button
	id     string
	done   chan struct{}
	answer Answer
}

// Answer is what answerCallbackQuery shows on the phone.
type Answer struct {
	Text  string
	Alert bool // a box to be closed by hand instead of a short notice
	URL   string
}

// Press presses a button under a message, named by its text or callback data,
// in the message's present version. A copy button fills the clipboard and a URL
// button opens a page; the bot hears of neither. The error is [ErrNoButton].
func (u *User) Press(m Message, button string) (*Press, error) {
	s := u.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := m.Bot.chats[m.ChatID]
	if !ok {
		return nil, ErrNoButton
	}
	i, ok := c.index(m.ID)
	if !ok {
		return nil, fmt.Errorf("message %d is gone: %w", m.ID, ErrNoButton)
	}
	now := c.messages[i]
	b, ok := now.Button(button)
	if !ok {
		return nil, fmt.Errorf("button %q: %w", button, ErrNoButton)
	}
	p := &Press{srv: s, bot: m.Bot, user: u, button: b, done: make(chan struct{})}
	if b.Data == "" {
		if b.CopyText != "" {
			u.clipboard = b.CopyText
		}
		close(p.done)
		return p, nil
	}
	s.lastPress++
	p.id = strconv.FormatInt(u.id<<20+s.lastPress, 10)
	s.presses[p.id] = p
	m.Bot.push("callback_query", u.id, wireCallback{
		ID: p.id, From: u.wire(), Message: now.wire, Data: b.Data,
		ChatInstance: strconv.FormatInt(c.id()^m.Bot.id, 10),
	})
	return p, nil
}

// PressKeyboard presses a button of the keyboard that replaces the letters: the
// contact button shares the own number, any other says its text.
func (u *User) PressKeyboard(bot *Bot, text string) error {
	b, ok := find(u.Chat(bot).Keyboard.rows(), func(b Button) bool { return b.Text == text })
	if !ok {
		return fmt.Errorf("keyboard button %q: %w", text, ErrNoButton)
	}
	if b.RequestContact {
		return u.ShareContact(bot)
	}
	u.srv.mu.Lock()
	bot.chats[u.id].boardUsed()
	u.srv.mu.Unlock()
	u.Say(bot, text)
	return nil
}

// Button returns the button that was pressed.
func (p *Press) Button() Button { return p.button }

// Answer waits until the bot has answered the press; the phone shows a spinner
// till then. A press that the bot does not hear of has an empty answer at once.
func (p *Press) Answer(ctx context.Context) (Answer, error) {
	select {
	case <-p.done:
		return p.answer, nil
	case <-ctx.Done():
		return Answer{}, context.Cause(ctx)
	case <-p.srv.host.Closing():
		return Answer{}, feed.ErrClosed
	}
}

// maxAnswer is the length limit of an answer to a press, in UTF-16 units.
const maxAnswer = 200

func (s *Server) answerCallbackQuery(req *request) (reply, error) {
	p := req.params
	if units(p["text"]) > maxAnswer {
		return reply{}, badRequest("MESSAGE_TOO_LONG")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	press, ok := s.presses[p["callback_query_id"]]
	if !ok || press.bot != req.bot {
		return reply{}, errCallbackTooOld
	}
	delete(s.presses, press.id)
	press.answer = Answer{Text: p["text"], Alert: p.bool("show_alert"), URL: p["url"]}
	close(press.done)
	if c, ok := press.bot.chats[press.user.id]; ok {
		c.publish(Change{Kind: Answered, Answer: press.answer})
	}
	return reply{result: true}, nil
}
