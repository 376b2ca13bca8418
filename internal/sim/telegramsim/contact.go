package telegramsim

import "errors"

// ErrNotAsked is the answer to sharing the own number while no button for it is
// on the screen: the app has no other way to send a contact as one's own.
var ErrNotAsked = errors.New("bot shows no button that asks for the phone number")

// businessConnection is the id under which business messages reach a bot.
const businessConnection = "simulated-business-connection"

// OwnContact returns the card of this account as ShareContact sends it.
func (u *User) OwnContact() Contact {
	u.srv.mu.Lock()
	defer u.srv.mu.Unlock()
	return u.ownContact()
}

func (u *User) ownContact() Contact {
	return Contact{Phone: u.phone(), FirstName: u.opts.FirstName, LastName: u.opts.LastName, UserID: u.id}
}

// ShareContact presses the button that asks for the own number. It fails with
// [ErrNotAsked] while the bot shows none. The message replies to the one that
// brought the button, and a one-time keyboard disappears.
func (u *User) ShareContact(bot *Bot) error {
	u.srv.mu.Lock()
	c, ok := bot.chats[u.id]
	if !ok || !c.board.asksContact() {
		u.srv.mu.Unlock()
		return ErrNotAsked
	}
	quoted := c.quote(c.boardID)
	card := u.ownContact()
	c.boardUsed()
	u.srv.mu.Unlock()
	u.write(bot, "message", func(m *wireMessage) {
		m.ReplyToMessage = quoted
		m.Contact = card.wire()
	})
	return nil
}

// SendContact attaches a card from the address book by hand. Telegram's server
// fills in the user id; pass a UserID of 0 for a number it does not know. A
// person may also attach the own card this way, without being asked.
func (u *User) SendContact(bot *Bot, card Contact) int64 {
	return u.write(bot, "message", func(m *wireMessage) { m.Contact = card.wire() })
}

// SendForeignContact attaches somebody else's card; userID 0 means that the
// number is not on Telegram or hides behind its privacy settings.
func (u *User) SendForeignContact(bot *Bot, phone string, userID int64) int64 {
	return u.SendContact(bot, Contact{Phone: phone, FirstName: "Friend", UserID: userID})
}

// ForwardContact forwards a card that author once sent; author may be the same
// person. A nil author hides behind privacy settings and shows only a name.
func (u *User) ForwardContact(bot *Bot, card Contact, author *User) int64 {
	return u.write(bot, "message", func(m *wireMessage) {
		m.Contact = card.wire()
		origin := &wireOrigin{Type: "hidden_user", SenderUserName: card.FirstName, Date: m.Date - 3600}
		if author != nil {
			from := author.wire()
			origin = &wireOrigin{Type: "user", SenderUser: &from, Date: m.Date - 3600}
		}
		m.ForwardOrigin = origin
		if !u.srv.opts.OnlyForwardOrigin {
			m.ForwardFrom, m.ForwardSenderName, m.ForwardDate = origin.SenderUser, origin.SenderUserName, origin.Date
		}
	})
}

// EditContact edits the message with the given id so that it shows the card; it
// arrives as edited_message. (Today's apps do not offer it; a bot must still
// not fall for it.)
func (u *User) EditContact(bot *Bot, messageID int64, card Contact) {
	u.write(bot, "edited_message", func(m *wireMessage) {
		m.MessageID, m.EditDate, m.Contact = messageID, m.Date, card.wire()
	})
}

// SendContactViaBot sends a card that an inline bot made.
func (u *User) SendContactViaBot(bot *Bot, card Contact, via *Bot) int64 {
	maker := via.wire()
	return u.write(bot, "message", func(m *wireMessage) {
		m.Contact, m.ViaBot = card.wire(), &maker
	})
}

// SendBusinessContact sends the card to a business account that the bot is
// connected to; it arrives as business_message.
func (u *User) SendBusinessContact(bot *Bot, card Contact) int64 {
	return u.elsewhere(bot, "business_message", func(m *wireMessage) {
		m.BusinessConnectionID, m.Contact = businessConnection, card.wire()
	})
}

// SayToBusiness writes a text to a business account that the bot is connected
// to; it arrives as business_message.
func (u *User) SayToBusiness(bot *Bot, text string) int64 {
	return u.elsewhere(bot, "business_message", func(m *wireMessage) {
		m.BusinessConnectionID, m.Text = businessConnection, text
	})
}

// elsewhere sends a message that the bot sees but that stands in another chat.
func (u *User) elsewhere(bot *Bot, kind string, fill func(*wireMessage)) int64 {
	u.srv.mu.Lock()
	defer u.srv.mu.Unlock()
	if u.gone {
		return 0
	}
	m := u.draft(bot)
	fill(&m)
	bot.push(kind, m.Chat.ID, m)
	return m.MessageID
}

func (c Contact) wire() *wireContact {
	return &wireContact{PhoneNumber: c.Phone, FirstName: c.FirstName, LastName: c.LastName, UserID: c.UserID}
}
