package telegramsim

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"otpravka/internal/sim/feed"
)

// ErrBadLink is the answer to a link that opens no chat with a bot.
var ErrBadLink = errors.New("link opens no bot")

var payloadForm = regexp.MustCompile(`^[A-Za-z0-9_-]{0,64}$`)

// UserOptions describe a person and the phone in that person's hand.
type UserOptions struct {
	// Phone is the account's number. Telegram shows it without "+", so a leading
	// one is cut off unless KeepPlus is set.
	Phone string
	// KeepPlus makes shared contacts carry the number as it stands in Phone.
	KeepPlus     bool
	FirstName    string // empty means "User"
	LastName     string
	Username     string // without "@"
	LanguageCode string // such as "ru"; empty leaves it out
	// ID is the user id; 0 means the next one of the server, so that the same
	// test always sees the same ids.
	ID int64
}

// User is a person with a phone that has Telegram on it. Whatever a person
// does in a chat with a bot that is blocked unblocks the bot first, as the app
// demands. A deactivated account does nothing any more.
type User struct {
	srv       *Server
	id        int64
	opts      UserOptions // guarded by the server, like all below
	gone      bool
	clipboard string
}

// NewUser lets a person join Telegram.
func (s *Server) NewUser(opts UserOptions) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if opts.ID == 0 {
		s.lastUser++
		opts.ID = s.lastUser
	}
	if opts.FirstName == "" {
		opts.FirstName = "User"
	}
	u := &User{srv: s, id: opts.ID, opts: opts}
	s.users[u.id] = u
	return u
}

// ID returns the user id, which is also the id of every private chat with a bot.
func (u *User) ID() int64 { return u.id }

// Phone returns the account's number as Telegram shows it in a shared contact.
func (u *User) Phone() string {
	u.srv.mu.Lock()
	defer u.srv.mu.Unlock()
	return u.phone()
}

func (u *User) phone() string {
	if u.opts.KeepPlus {
		return u.opts.Phone
	}
	return strings.TrimPrefix(u.opts.Phone, "+")
}

// ChangePhone moves the account to another number. No bot hears of it.
func (u *User) ChangePhone(phone string) {
	u.srv.mu.Lock()
	defer u.srv.mu.Unlock()
	u.opts.Phone = phone
}

// Start presses Start, with the payload of a deep link or "". It returns the
// message id of "/start payload".
func (u *User) Start(bot *Bot, payload string) int64 {
	return u.Say(bot, strings.TrimSpace("/start "+payload))
}

// OpenLink follows a deep link, https://t.me/<bot>?start=<payload>, and presses
// Start. Telegram takes payloads of at most 64 characters A-Z a-z 0-9 _ - only;
// any other link, or one to a bot that is not here, is an error.
func (u *User) OpenLink(link string) (*Bot, error) {
	target, err := url.Parse(link)
	if err != nil || target.Host != "t.me" {
		return nil, fmt.Errorf("link %q: %w", link, ErrBadLink)
	}
	bot, ok := u.srv.Bot(strings.Trim(target.Path, "/"))
	payload := target.Query().Get("start")
	if !ok || !payloadForm.MatchString(payload) {
		return nil, fmt.Errorf("link %q: %w", link, ErrBadLink)
	}
	u.Start(bot, payload)
	return bot, nil
}

// Say writes a text to the bot and returns its message id.
func (u *User) Say(bot *Bot, text string) int64 {
	return u.write(bot, "message", func(m *wireMessage) {
		m.Text, m.Entities = text, commandEntity(text)
	})
}

// Deactivate deletes the account; every bot gets 403 "user is deactivated".
func (u *User) Deactivate() {
	u.srv.mu.Lock()
	defer u.srv.mu.Unlock()
	u.gone = true
}

// Chat returns what the phone shows of the chat with the bot now.
func (u *User) Chat(bot *Bot) Chat {
	u.srv.mu.Lock()
	defer u.srv.mu.Unlock()
	if c, ok := bot.chats[u.id]; ok {
		return c.view()
	}
	return Chat{}
}

// WaitMessage blocks until the bot's chat holds a message that the bot wrote
// and that fits, in its present version, and returns the newest such message.
func (u *User) WaitMessage(ctx context.Context, bot *Bot, fits func(Message) bool) (Message, error) {
	u.srv.mu.Lock()
	changed := &u.chat(bot).changed
	u.srv.mu.Unlock()
	return feed.Await(ctx, changed, u.srv.host.Closing(), func() (Message, bool) {
		for _, m := range slices.Backward(u.Chat(bot).Messages) {
			if m.FromBot && fits(m) {
				return m, true
			}
		}
		return Message{}, false
	})
}

// Clipboard returns what the last press on a copy button copied.
func (u *User) Clipboard() string {
	u.srv.mu.Lock()
	defer u.srv.mu.Unlock()
	return u.clipboard
}

// write sends a message of this person into the private chat with the bot, as
// an update of the given kind, and returns its message id.
func (u *User) write(bot *Bot, kind string, fill func(*wireMessage)) int64 {
	u.srv.mu.Lock()
	defer u.srv.mu.Unlock()
	if u.gone {
		return 0
	}
	c := u.open(bot)
	m := u.draft(bot)
	fill(&m)
	shown := show(bot, m, false, nil)
	if i, ok := c.index(m.MessageID); ok {
		shown.History = append(slices.Clone(c.messages[i].History), c.messages[i].Text)
		c.replace(i, shown, Edited)
	} else {
		c.add(shown)
		c.publish(Change{Kind: Said, Message: *shown})
	}
	bot.push(kind, u.id, m)
	return m.MessageID
}

// draft is an empty message of this person in the private chat with the bot.
func (u *User) draft(bot *Bot) wireMessage {
	from := u.wire()
	return wireMessage{MessageID: bot.messageID(), From: &from, Chat: u.wireChat(), Date: u.srv.opts.Now().Unix()}
}

// open makes the chat usable: started and not blocked. The caller holds the lock.
func (u *User) open(bot *Bot) *chat {
	c := u.chat(bot)
	u.switchBlock(c, false)
	c.started = true
	return c
}

func (u *User) chat(bot *Bot) *chat {
	if c, ok := bot.chats[u.id]; ok {
		return c
	}
	return bot.newChat(u, nil)
}

func (u *User) wire() wireUser {
	return wireUser{
		ID: u.id, FirstName: u.opts.FirstName, LastName: u.opts.LastName,
		Username: u.opts.Username, LanguageCode: u.opts.LanguageCode,
	}
}

func (u *User) wireChat() wireChat {
	return wireChat{
		ID: u.id, FirstName: u.opts.FirstName, LastName: u.opts.LastName,
		Username: u.opts.Username, Type: "private",
	}
}
