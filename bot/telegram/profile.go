package telegram

import (
	"encoding/json"
	"slices"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// profile is what the bot's page says in one language.
type profile struct {
	language    string // empty: everybody else
	description string // in the empty chat, before Start; 512 characters at most
	short       string // on the bot's page and where it is shared; 120 characters at most
	commands    []command
}

type command struct {
	Name        string `json:"command"`
	Description string `json:"description"`
}

// menu names the commands in the order of the menu.
func menu(start, mute, unmute, stop, language, help, privacy string) []command {
	return []command{
		{"start", start}, {"mute", mute}, {"unmute", unmute}, {"stop", stop}, {"language", language}, {"help", help}, {"privacy", privacy},
	}
}

// profiles ends with the one for everybody else: a server that answers for one
// language with the text for all must not hide that it has none of its own.
var profiles = []profile{
	{
		language:    "ru",
		description: "Этот бот присылает одноразовые коды и новости о заказах. Нажмите «Старт», чтобы привязать свой номер.",
		short:       "Присылает одноразовые коды и новости о заказах. Никогда не просит прислать код.",
		commands: menu("Привязать свой номер к этому чату", "Не сообщать о заказах", "Снова сообщать о заказах", "Больше ничего сюда не получать", "Выбрать язык",
			"Что умеет этот бот", "Какие данные о вас хранятся"),
	},
	{
		language:    "kk",
		description: "Бұл бот бір реттік кодтар мен тапсырыс жаңалықтарын жібереді. Нөміріңізді байлау үшін «Бастау» түймесін басыңыз.",
		short:       "Бір реттік кодтар мен тапсырыс жаңалықтарын жібереді. Сізден ешқашан код сұрамайды.",
		commands: menu("Нөміріңізді осы чатқа байлау", "Тапсырыстар туралы хабарламау", "Тапсырыстар туралы қайта хабарлау", "Мұнда енді ештеңе алмау", "Тілді таңдау",
			"Бұл бот не істейді", "Сіз туралы не сақталады"),
	},
	{
		language:    "uz",
		description: "Bu bot bir martalik kodlar va buyurtma yangiliklarini yuboradi. Raqamingizni bog'lash uchun Boshlash tugmasini bosing.",
		short:       "Bir martalik kodlar va buyurtma yangiliklarini yuboradi. Sizdan hech qachon kod so'ramaydi.",
		commands: menu("Raqamingizni shu chatga bog'lash", "Buyurtmalar haqida xabar bermaslik", "Buyurtmalar haqida yana xabar berish", "Bu yerda boshqa hech narsa olmaslik", "Tilni tanlash",
			"Bu bot nima qiladi", "Siz haqingizda nimalar saqlanadi"),
	},
	{
		description: "This bot brings you one-time codes and order updates. Press Start to link your number.",
		short:       "Brings one-time codes and order updates. Never asks you to send it a code.",
		commands: menu("Link your number to this chat", "Hear nothing of orders", "Hear of orders again", "Receive nothing here any more", "Choose the language",
			"What this bot does", "What is kept about you"),
	},
}

// introduce writes the bot's commands and, where its owner has written none,
// its descriptions. It is best effort, once per connector: a bot works without.
// A bot that has the menu for everybody, which is written last, has it all from
// an earlier start, and is spared a dozen calls.
func (r *reader) introduce() {
	if r.isIntroduced() {
		return
	}
	for _, p := range profiles {
		for _, text := range []struct{ name, method, value string }{
			{"description", "MyDescription", p.description},
			{"short_description", "MyShortDescription", p.short},
		} {
			if !r.hasText(text.method, text.name, p.language) {
				r.tell("set"+text.method, tgbotapi.Params{text.name: text.value}, p.language)
			}
		}
		r.tell("setMyCommands", tgbotapi.Params{"commands": encode(p.commands)}, p.language)
	}
}

func (r *reader) isIntroduced() bool {
	raw, failed := r.client.call(r.aside, r.token, "getMyCommands", nil, callLimit)
	var have []command
	return failed == nil && json.Unmarshal(raw, &have) == nil && slices.Equal(have, profiles[len(profiles)-1].commands)
}

func (r *reader) tell(method string, p tgbotapi.Params, language string) {
	p.AddNonEmpty("language_code", language)
	if _, failed := r.client.call(r.aside, r.token, method, p, callLimit); failed != nil {
		r.log.Debug("bot profile not written", "method", method, "error", failed)
	}
}

// hasText reports whether there is a text that must not be overwritten; a
// server that cannot tell is left alone.
func (r *reader) hasText(method, name, language string) bool {
	p := make(tgbotapi.Params)
	p.AddNonEmpty("language_code", language)
	raw, failed := r.client.call(r.aside, r.token, "get"+method, p, callLimit)
	var have map[string]string
	return failed != nil || json.Unmarshal(raw, &have) != nil || have[name] != ""
}
