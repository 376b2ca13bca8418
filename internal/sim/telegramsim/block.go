package telegramsim

// Block stops the bot: it gets my_chat_member "kicked", and 403 from now on.
func (u *User) Block(bot *Bot) { u.setBlocked(bot, true) }

// Unblock lets the bot write again: it gets my_chat_member "member".
func (u *User) Unblock(bot *Bot) { u.setBlocked(bot, false) }

func (u *User) setBlocked(bot *Bot, blocked bool) {
	u.srv.mu.Lock()
	defer u.srv.mu.Unlock()
	if !u.gone {
		u.switchBlock(u.chat(bot), blocked)
	}
}

func (u *User) switchBlock(c *chat, blocked bool) {
	if c.blocked == blocked {
		return
	}
	c.blocked = blocked
	self := c.bot.wire()
	member, kicked := wireMember{User: self, Status: "member"}, wireMember{User: self, Status: "kicked", UntilDate: new(int64)}
	event := wireMemberUpdate{Chat: u.wireChat(), From: u.wire(), Date: u.srv.opts.Now().Unix(), OldChatMember: kicked, NewChatMember: member}
	kind := Opened
	if blocked {
		event.OldChatMember, event.NewChatMember = member, kicked
		kind = Blocked
	}
	c.bot.push("my_chat_member", u.id, event)
	c.publish(Change{Kind: kind})
}
