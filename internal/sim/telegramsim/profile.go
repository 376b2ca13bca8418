package telegramsim

import "encoding/json"

// profileField is one text of a bot's page in one language; the empty language
// is for everybody else.
type profileField struct{ name, language string }

// Profile is what a bot's page says to people of one language.
type Profile struct {
	Commands         []BotCommand
	Description      string // in an empty chat, before Start
	ShortDescription string // on the bot's page
}

// BotCommand is one entry of a bot's menu.
type BotCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// Profile returns what the bot has set for exactly this language; empty is for
// everybody else.
func (b *Bot) Profile(language string) Profile {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	return Profile{
		Commands:         b.commands(language),
		Description:      b.profile[profileField{"description", language}],
		ShortDescription: b.profile[profileField{"short_description", language}],
	}
}

func (b *Bot) commands(language string) []BotCommand {
	list := []BotCommand{}
	_ = json.Unmarshal([]byte(b.profile[profileField{"commands", language}]), &list)
	return list
}

// setProfile is the method that sets the field of this name.
func setProfile(name string) method {
	return func(s *Server, req *request) (reply, error) {
		var list []BotCommand
		if name == "commands" && json.Unmarshal([]byte(req.params[name]), &list) != nil {
			return reply{}, badRequest("can't parse commands JSON object")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		req.bot.profile[profileField{name, req.params["language_code"]}] = req.params[name]
		return reply{result: true}, nil
	}
}

// getProfile is the method that returns the field of this name.
func getProfile(name string) method {
	return func(s *Server, req *request) (reply, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return reply{result: map[string]string{name: req.bot.profile[profileField{name, req.params["language_code"]}]}}, nil
	}
}

func (s *Server) getMyCommands(req *request) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return reply{result: req.bot.commands(req.params["language_code"])}, nil
}
