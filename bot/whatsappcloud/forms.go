package whatsappcloud

import (
	"time"

	"otpravka/otpcore"
)

// The buttons that a template for codes may have.
const (
	copyCode = "copy_code"
	oneTap   = "one_tap"
	zeroTap  = "zero_tap"
)

// ourNames is how the names of all our templates begin.
const ourNames = "otpravka_"

// codeForms are the names of the templates for codes, one for each kind of button:
// what Meta has approved cannot change its kind.
var codeForms = map[string]string{
	copyCode: ourNames + "code", oneTap: ourNames + "code_one_tap", zeroTap: ourNames + "code_zero_tap",
}

// newsForm is the template for news of an order.
const newsForm = ourNames + "order"

// languages are those in which templates are made. They are the locales of the
// texts, and Meta knows them by the same names.
var languages = []string{"en", "ru", "kk", "uz"}

// Bounds of message_send_ttl_seconds, how long Meta goes on trying to deliver
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/time-to-live).
const (
	leastTTL = 30 * time.Second
	mostTTL  = 15 * time.Minute // for codes
	newsTTL  = 12 * time.Hour   // the most for news
)

// Settings are what templates are made with.
type Settings struct {
	TTL           time.Duration // life of a code
	FallbackAfter time.Duration // when SMS takes over: later than that Meta need not deliver
}

// form is a template as Otpravka has it made.
type form struct {
	name     string
	category string
	ttl      time.Duration
	named    bool // its values go by names
	parts    func(language string) []any
}

// seconds is the form's life as Meta counts it.
func (f *form) seconds() int { return int(f.ttl / time.Second) }

// draft is what Meta is asked to make.
func (f *form) draft(language string) map[string]any {
	d := map[string]any{
		"name": f.name, "language": language, "category": f.category,
		"message_send_ttl_seconds": f.seconds(), "components": f.parts(language),
	}
	if f.named {
		d["parameter_format"] = "NAMED"
	}
	return d
}

type codeButton struct {
	Type     string `json:"type"`
	Kind     string `json:"otp_type"`
	Accepted bool   `json:"zero_tap_terms_accepted,omitempty"`

	Apps []otpcore.AndroidApp `json:"supported_apps,omitempty"`
}

// codes is the form for codes. Meta writes its text itself.
func codes(a *otpcore.CloudAccount, set Settings) form {
	button := buttonOf(a)
	b := codeButton{Type: "otp", Kind: button, Accepted: button == zeroTap, Apps: a.Apps}
	minutes := min(max(1, int((set.TTL+time.Minute-1)/time.Minute)), 90)
	return form{
		name: codeForms[button], category: "authentication", ttl: min(max(set.FallbackAfter, leastTTL), mostTTL),
		parts: func(string) []any {
			return []any{
				map[string]any{"type": "body", "add_security_recommendation": true},
				map[string]any{"type": "footer", "code_expiration_minutes": minutes},
				map[string]any{"type": "buttons", "buttons": []codeButton{b}},
			}
		},
	}
}

func buttonOf(a *otpcore.CloudAccount) string {
	if a.Button == "" {
		return copyCode
	}
	return a.Button
}

// newsValue is the name of the one value in newsTexts.
const newsValue = "news"

// newsTexts frame what an order's message says. Meta wants no value at either end
// of a text, and more words than values.
var newsTexts = map[string]struct{ text, example string }{
	"en": {
		"News of your order: {{news}} Answer this message if you have a question.",
		"Book House: your order №1042 is on its way · The Old Man and the Sea · Total: 4,500 ₸",
	},
	"ru": {
		"Новости о вашем заказе: {{news}} Если есть вопрос, ответьте на это сообщение.",
		"Book House: заказ №1042 в пути · Старик и море · Итого: 4 500 ₸",
	},
	"kk": {
		"Тапсырысыңыз туралы жаңалық: {{news}} Сұрағыңыз болса, осы хабарламаға жауап беріңіз.",
		"Book House: №1042 тапсырыс жолда · Шал мен теңіз · Барлығы: 4 500 ₸",
	},
	"uz": {
		"Buyurtmangiz haqida yangilik: {{news}} Savolingiz boʻlsa, ushbu xabarga javob yozing.",
		"Book House: №1042 buyurtma yoʻlda · Chol va dengiz · Jami: 4 500 ₸",
	},
}

// news is the form for news of an order.
func news() form {
	return form{
		name: newsForm, category: "utility", ttl: newsTTL, named: true,
		parts: func(language string) []any {
			t := newsTexts[language]
			return []any{map[string]any{
				"type": "body", "text": t.text,
				"example": map[string]any{"body_text_named_params": []any{map[string]string{"param_name": newsValue, "example": t.example}}},
			}}
		},
	}
}
