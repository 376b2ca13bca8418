package telegramsim

import (
	"encoding/json"
)

func (s *Server) sendMessage(req *request) (reply, error) {
	p := req.params
	rich, err := readText(p)
	if err != nil {
		return reply{}, err
	}
	mark, err := parseMarkup(p["reply_markup"])
	if err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.openChat(req.bot, p)
	if err != nil {
		return reply{}, err
	}
	if c.group != nil && mark.board.asksContact() {
		return reply{}, errContactInPrivate
	}
	now := s.opts.Now()
	if err := spend(&req.bot.bucket, &c.bucket, now); err != nil {
		return reply{}, err
	}
	from := req.bot.wire()
	wire := wireMessage{
		MessageID: req.bot.messageID(), From: &from, Chat: c.wire(), Date: now.Unix(),
		Text: rich.text, Entities: rich.entities, ReplyMarkup: mark.raw,
		HasProtectedContent: p.bool("protect_content"),
		ReplyToMessage:      c.quoted(p),
	}
	m := show(req.bot, wire, true, mark.inline)
	m.Silent, m.NoPreview = p.bool("disable_notification"), noPreview(p)
	c.add(m)
	c.setBoard(mark, m.ID)
	c.publish(Change{Kind: Arrived, Message: *m})
	return reply{result: wire}, nil
}

// setBoard shows or removes the keyboard that takes the place of the letters.
func (c *chat) setBoard(mark markup, messageID int64) {
	switch {
	case mark.board != nil:
		c.board, c.boardID = mark.board, messageID
	case mark.remove:
		c.board, c.boardID = nil, 0
	}
}

// boardUsed hides a one-time keyboard after a press on one of its buttons.
func (c *chat) boardUsed() {
	if c.board != nil && c.board.OneTime {
		c.board = nil
	}
}

// quoted returns the message that a call replies to, without what that one quotes.
func (c *chat) quoted(p params) *wireMessage {
	var reply struct {
		ID int64 `json:"message_id"`
	}
	_ = json.Unmarshal([]byte(p["reply_parameters"]), &reply)
	if reply.ID == 0 {
		reply.ID = p.int("reply_to_message_id")
	}
	return c.quote(reply.ID)
}

func (c *chat) quote(id int64) *wireMessage {
	i, ok := c.index(id)
	if !ok {
		return nil
	}
	wire := c.messages[i].wire
	wire.ReplyToMessage = nil
	return &wire
}

func (s *Server) sendChatAction(req *request) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.openChat(req.bot, req.params); err != nil {
		return reply{}, err
	}
	return reply{result: true}, nil
}
