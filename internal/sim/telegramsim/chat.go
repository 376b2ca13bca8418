package telegramsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"otpravka/internal/sim/feed"
)

// quietHistory is how many messages a chat keeps in quiet mode.
const quietHistory = 50

// chat is what a bot and a person, or a bot and a group, share. Its messages
// are never changed in place: an edit puts a new version into the list.
type chat struct {
	bot      *Bot
	user     *User  // of a private chat
	group    *Group // of a group
	started  bool
	blocked  bool
	messages []*Message // by ascending id
	board    *Keyboard
	boardID  int64 // the message that brought the keyboard
	bucket   bucket
	changed  feed.Notifier
}

// Chat is a private chat as the phone shows it.
type Chat struct {
	Messages []Message // oldest first, deleted ones included
	Keyboard *Keyboard // the bot's keyboard in place of the letters, or nil
	Started  bool
	Blocked  bool
}

// Last returns the newest message that is not deleted.
func (c Chat) Last() (Message, bool) {
	for _, m := range slices.Backward(c.Messages) {
		if !m.Deleted {
			return m, true
		}
	}
	return Message{}, false
}

func (c *chat) id() int64 {
	if c.group != nil {
		return c.group.id
	}
	return c.user.id
}

func (c *chat) wire() wireChat {
	if c.group != nil {
		return c.group.wire()
	}
	return c.user.wireChat()
}

// add appends a message. The caller holds the lock.
func (c *chat) add(m *Message) {
	c.messages = append(c.messages, m)
	if c.bot.srv.opts.Quiet && len(c.messages) >= 2*quietHistory {
		c.messages = slices.Clone(c.messages[len(c.messages)-quietHistory:])
	}
}

// index finds a message that is still there.
func (c *chat) index(id int64) (int, bool) {
	i, ok := slices.BinarySearchFunc(c.messages, id, func(m *Message, id int64) int { return int(m.ID - id) })
	return i, ok && !c.messages[i].Deleted
}

// replace puts a new version of a message in place and tells the watchers.
func (c *chat) replace(i int, m *Message, kind ChangeKind) {
	c.messages[i] = m
	c.publish(Change{Kind: kind, Message: *m})
}

func (c *chat) publish(change Change) {
	change.Bot, change.ChatID = c.bot, c.id()
	c.bot.srv.changes.Publish(change)
	c.changed.Notify()
}

func (c *chat) view() Chat {
	v := Chat{Keyboard: c.board, Started: c.started, Blocked: c.blocked}
	for _, m := range c.messages {
		v.Messages = append(v.Messages, *m)
	}
	return v
}

func (b *Bot) newChat(u *User, g *Group) *chat {
	limits := b.srv.opts.Limits
	c := &chat{bot: b, user: u, group: g, bucket: newBucket(limits.ChatPerSecond, limits.ChatBurst)}
	b.chats[c.id()] = c
	return c
}

func (b *Bot) messageID() int64 {
	b.lastMessage++
	return b.lastMessage
}

// openChat finds the chat that a call names and checks that the bot may write
// there. The caller holds the lock.
func (s *Server) openChat(b *Bot, p params) (*chat, error) {
	text := strings.TrimSpace(p["chat_id"])
	if text == "" {
		return nil, badRequest("chat_id is empty")
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, errChatNotFound
	}
	if g, ok := s.groups[id]; ok {
		return b.openGroup(g)
	}
	u, ok := s.users[id]
	if !ok {
		if s.isBot(id) {
			return nil, errBotToBot
		}
		return nil, errChatNotFound
	}
	c := b.chats[id]
	switch {
	case u.gone:
		return nil, errDeactivated
	case c == nil || !c.started:
		return nil, errNeverStarted
	case c.blocked:
		return nil, errBlocked
	}
	return c, nil
}

func (b *Bot) openGroup(g *Group) (*chat, error) {
	if g.movedTo != 0 {
		return nil, &apiError{
			Code:        http.StatusBadRequest,
			Description: "Bad Request: group chat was upgraded to a supergroup chat",
			Parameters:  &parameters{MigrateToChatID: g.movedTo},
		}
	}
	if c, ok := b.chats[g.id]; ok {
		return c, nil
	}
	return nil, errNotInGroup
}

func (s *Server) isBot(id int64) bool {
	for _, b := range s.byToken {
		if b.id == id {
			return true
		}
	}
	return false
}
