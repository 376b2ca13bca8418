package telegram

import (
	"encoding/json"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// profile is what the bot's page says in one language.
type profile struct {
	language    string // empty: everybody else
	description string
	commands    []command
}

type command struct {
	Name        string `json:"command"`
	Description string `json:"description"`
}

// profiles ends with the one for everybody else: a server that answers for one
// language with the text for all must not hide that it has none of its own.
var profiles = []profile{
	{
		language:    "ru",
		description: "Этот бот присылает одноразовые коды и новости о заказах. Нажмите «Старт», чтобы привязать свой номер.",
		commands: []command{
			{"start", "Привязать свой номер к этому чату"},
			{"stop", "Больше ничего сюда не получать"},
			{"help", "Что умеет этот бот"},
			{"privacy", "Какие данные о вас хранятся"},
		},
	},
	{
		description: "This bot brings you one-time codes and order updates. Press Start to link your number.",
		commands: []command{
			{"start", "Link your number to this chat"},
			{"stop", "Receive nothing here any more"},
			{"help", "What this bot does"},
			{"privacy", "What is kept about you"},
		},
	},
}

// introduce writes the bot's commands and, where its owner has written none,
// its description. It is best effort, once per connector: a bot works without.
func (r *reader) introduce() {
	for _, p := range profiles {
		list, err := json.Marshal(p.commands)
		if err != nil {
			panic(err) // strings only: it cannot fail
		}
		r.tell("setMyCommands", tgbotapi.Params{"commands": string(list)}, p.language)
		if r.hasDescription(p.language) {
			continue
		}
		r.tell("setMyDescription", tgbotapi.Params{"description": p.description}, p.language)
	}
}

func (r *reader) tell(method string, p tgbotapi.Params, language string) {
	p.AddNonEmpty("language_code", language)
	if _, failed := r.client.call(r.aside, r.token, method, p, callLimit); failed != nil {
		r.log.Debug("bot profile not written", "method", method, "error", failed)
	}
}

// hasDescription reports whether there is a text that must not be overwritten;
// a server that cannot tell is left alone.
func (r *reader) hasDescription(language string) bool {
	p := make(tgbotapi.Params)
	p.AddNonEmpty("language_code", language)
	raw, failed := r.client.call(r.aside, r.token, "getMyDescription", p, callLimit)
	var have struct {
		Text string `json:"description"`
	}
	return failed != nil || json.Unmarshal(raw, &have) != nil || have.Text != ""
}
