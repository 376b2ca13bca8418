package telegramsim

import (
	"strconv"
	"strings"

	"otpravka/internal/sim/feed"
)

// Bot is an account that BotFather made. Its fields are guarded by the server.
type Bot struct {
	srv      *Server
	id       int64
	username string
	name     string

	token       string
	gone        bool // deleted: no token opens it again
	loggedOut   bool
	queue       []update
	nextUpdate  int64
	allowed     map[string]bool // nil means Telegram's default
	poll        *poll
	polling     feed.Notifier
	hook        *webhook
	chats       map[int64]*chat
	lastMessage int64
	bucket      bucket
	profile     map[profileField]string
}

// firstUpdateID stands for the arbitrary number at which a real bot's counter is.
const firstUpdateID = 700_000_001

// AddBot registers a bot under a token. The number before the token's colon is
// the bot's id; a token without one gets an id of its own. Adding a token again
// returns the bot that has it.
func (s *Server) AddBot(token, username, name string) *Bot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.byToken[token]; ok {
		return b
	}
	prefix, _, _ := strings.Cut(token, ":")
	id, err := strconv.ParseInt(prefix, 10, 64)
	if err != nil {
		s.lastBot++
		id = s.lastBot
	}
	b := &Bot{
		srv: s, id: id, username: username, name: name, token: token,
		nextUpdate: firstUpdateID, chats: make(map[int64]*chat), bucket: newBucket(s.opts.Limits.BotPerSecond, s.opts.Limits.BotBurst),
		profile: make(map[profileField]string),
	}
	s.byToken[token] = b
	return b
}

// ID returns the bot's user id.
func (b *Bot) ID() int64 { return b.id }

// Username returns the bot's name without "@".
func (b *Bot) Username() string { return b.username }

// Token returns the token that is valid now, or "" once the bot is deleted.
func (b *Bot) Token() string {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	return b.token
}

// Revoke replaces the token, as the owner does through BotFather. Calls with
// the old token fail with 401 from now on, a waiting getUpdates included.
func (b *Bot) Revoke(newToken string) {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	delete(b.srv.byToken, b.token)
	b.endPoll(errUnauthorized)
	if !b.gone {
		b.token = newToken
		b.srv.byToken[newToken] = b
	}
}

// Delete removes the bot: its token answers 401 and its updates are lost.
func (b *Bot) Delete() {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	delete(b.srv.byToken, b.token)
	b.token, b.gone, b.queue = "", true, nil
	b.endPoll(errUnauthorized)
	b.stopWebhook()
}

// LogIn undoes a logOut call, which at Telegram bars the bot for ten minutes.
func (b *Bot) LogIn() {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	b.loggedOut = false
}

func (b *Bot) isLoggedOut() bool {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	return b.loggedOut
}

func (s *Server) botByToken(token string) *Bot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byToken[token]
}

func (s *Server) getMe(req *request) (reply, error) {
	return reply{result: struct {
		wireUser
		CanJoinGroups           bool `json:"can_join_groups"`
		CanReadAllGroupMessages bool `json:"can_read_all_group_messages"`
		SupportsInlineQueries   bool `json:"supports_inline_queries"`
		CanConnectToBusiness    bool `json:"can_connect_to_business"`
		HasMainWebApp           bool `json:"has_main_web_app"`
	}{wireUser: req.bot.wire(), CanJoinGroups: true}}, nil
}

func (s *Server) logOut(req *request) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req.bot.loggedOut = true
	req.bot.endPoll(errLoggedOut)
	return reply{result: true}, nil
}

func (b *Bot) wire() wireUser {
	return wireUser{ID: b.id, IsBot: true, FirstName: b.name, Username: b.username}
}
