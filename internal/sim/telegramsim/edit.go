package telegramsim

import (
	"encoding/json"
	"slices"
	"time"
)

// deleteWindow is how long a bot may delete a message for everyone.
const deleteWindow = 48 * time.Hour

func (s *Server) editMessageText(req *request) (reply, error) {
	rich, err := readText(req.params)
	if err != nil {
		return reply{}, err
	}
	return s.edit(req, func(wire *wireMessage) {
		wire.Text, wire.Entities = rich.text, rich.entities
	})
}

func (s *Server) editMessageReplyMarkup(req *request) (reply, error) {
	return s.edit(req, func(*wireMessage) {})
}

// edit makes a new version of one of the bot's messages. The buttons are always
// replaced: an edit without reply_markup removes them.
func (s *Server) edit(req *request, change func(*wireMessage)) (reply, error) {
	mark, err := parseMarkup(req.params["reply_markup"])
	if err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, i, err := s.messageOf(req, errEditNotFound)
	if err != nil {
		return reply{}, err
	}
	old := c.messages[i]
	if !old.FromBot {
		return reply{}, errEditForbidden
	}
	wire := old.wire
	change(&wire)
	wire.ReplyMarkup = mark.raw
	if wire.Text == old.Text && slices.Equal(wire.Entities, old.wire.Entities) && sameMarkup(wire.ReplyMarkup, old.wire.ReplyMarkup) {
		return reply{}, errNotModified
	}
	wire.EditDate = s.opts.Now().Unix()
	m := show(req.bot, wire, true, mark.inline)
	m.Silent, m.NoPreview = old.Silent, old.NoPreview
	m.History = append(slices.Clone(old.History), old.Text)
	c.replace(i, m, Edited)
	return reply{result: wire}, nil
}

// messageOf finds the message that a request names, and answers missing where
// the chat has none of that id. The caller holds the lock.
func (s *Server) messageOf(req *request, missing error) (*chat, int, error) {
	c, err := s.openChat(req.bot, req.params)
	if err != nil {
		return nil, 0, err
	}
	id := req.params.int("message_id")
	if id == 0 {
		return nil, 0, errNoMessageID
	}
	i, ok := c.index(id)
	if !ok {
		return nil, 0, missing
	}
	return c, i, nil
}

func (s *Server) deleteMessage(req *request) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, i, err := s.messageOf(req, errDeleteNotFound)
	if err != nil {
		return reply{}, err
	}
	if s.opts.Now().Sub(c.messages[i].Date) > deleteWindow {
		return reply{}, errDeleteForbidden
	}
	c.remove(i)
	return reply{result: true}, nil
}

// deleteMessages deletes up to 100 messages and skips those that are not there.
func (s *Server) deleteMessages(req *request) (reply, error) {
	var ids []int64
	if err := json.Unmarshal([]byte(req.params["message_ids"]), &ids); err != nil || len(ids) == 0 || len(ids) > 100 {
		return reply{}, badRequest("can't parse message identifiers JSON object")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.openChat(req.bot, req.params)
	if err != nil {
		return reply{}, err
	}
	for _, id := range ids {
		if i, ok := c.index(id); ok && s.opts.Now().Sub(c.messages[i].Date) <= deleteWindow {
			c.remove(i)
		}
	}
	return reply{result: true}, nil
}

func (c *chat) remove(i int) {
	m := *c.messages[i]
	m.Deleted = true
	c.replace(i, &m, Deleted)
}
