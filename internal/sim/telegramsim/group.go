package telegramsim

// Group is a group, or a channel, with bots in it. Bots in a group see all its
// messages (as with privacy mode off).
type Group struct {
	srv     *Server
	id      int64
	title   string
	kind    string
	movedTo int64 // the supergroup's id, once migrated
	bots    []*Bot
}

// supergroupBase is added (negated) to an id to form a supergroup's or channel's id.
const supergroupBase = 1_000_000_000_000

// NewGroup makes a basic group with these bots in it.
func (s *Server) NewGroup(title string, bots ...*Bot) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastGroup++
	return s.addGroup(-s.lastGroup, title, "group", bots)
}

// NewChannel makes a channel with these bots as its administrators.
func (s *Server) NewChannel(title string, bots ...*Bot) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastGroup++
	return s.addGroup(-supergroupBase-s.lastGroup, title, "channel", bots)
}

func (s *Server) addGroup(id int64, title, kind string, bots []*Bot) *Group {
	g := &Group{srv: s, id: id, title: title, kind: kind, bots: bots}
	s.groups[id] = g
	for _, b := range bots {
		b.newChat(nil, g)
	}
	return g
}

// ID returns the chat id, which is negative.
func (g *Group) ID() int64 { return g.id }

// Messages returns what the group shows of the bot's messages and of what the
// bot saw.
func (g *Group) Messages(bot *Bot) []Message {
	g.srv.mu.Lock()
	defer g.srv.mu.Unlock()
	if c, ok := bot.chats[g.id]; ok {
		return c.view().Messages
	}
	return nil
}

// Say writes a text into the group as the person; in a channel it becomes a
// channel_post, which names no person.
func (g *Group) Say(author *User, text string) {
	g.write(author, func(m *wireMessage) { m.Text, m.Entities = text, commandEntity(text) })
}

// SendContact posts a card into the group as the person; in a channel it
// becomes a channel_post, which names no person.
func (g *Group) SendContact(author *User, card Contact) {
	g.write(author, func(m *wireMessage) { m.Contact = card.wire() })
}

// Migrate turns the group into a supergroup with a new id and returns it. Calls
// with the old id fail with 400 and migrate_to_chat_id from now on.
func (g *Group) Migrate() *Group {
	g.srv.mu.Lock()
	defer g.srv.mu.Unlock()
	super := g.srv.addGroup(g.id-supergroupBase, g.title, "supergroup", g.bots)
	g.movedTo = super.id
	return super
}

func (g *Group) write(author *User, fill func(*wireMessage)) {
	g.srv.mu.Lock()
	defer g.srv.mu.Unlock()
	for _, b := range g.bots {
		from, chat := author.wire(), g.wire()
		m := wireMessage{MessageID: b.messageID(), Chat: chat, Date: g.srv.opts.Now().Unix()}
		kind := "message"
		if g.kind == "channel" {
			m.SenderChat, kind = &chat, "channel_post"
		} else {
			m.From = &from
		}
		fill(&m)
		shown := show(b, m, false, nil)
		b.chats[g.id].add(shown)
		b.push(kind, g.id, m)
		b.chats[g.id].publish(Change{Kind: Said, Message: *shown})
	}
}

func (g *Group) wire() wireChat { return wireChat{ID: g.id, Title: g.title, Type: g.kind} }
