package bot

import (
	"strings"
	"testing"

	"otpravka/otpcore"
)

func TestWords(t *testing.T) {
	link, code := strings.Repeat("aB3_", 8), strings.Repeat("zY-9", 11)
	business := string(otpcore.FormatID(otpcore.PrefixBusiness, [16]byte{0: 1, 6: 0x70, 8: 0x80}))
	press := Inbound{Kind: Press, Action: otpcore.Action{Verb: otpcore.ActNotMe}}
	stop := Inbound{Kind: Command, Command: "stop"}
	for text, want := range map[string]Inbound{
		"Hello! Please bring my codes of Shop to this chat. " + link: {Kind: Start, Payload: link},
		code:                      {Kind: Start, Payload: code},
		"Сәлеметсіз бе!\n" + code: {Kind: Start, Payload: code},
		"hi " + business:          {Kind: Start, Payload: business},
		"/start":                  {Kind: Start},
		"STOP":                    stop,
		" стоп. ":                 stop,
		"Тоқта":                   stop,
		"TO’XTA":                  stop,
		"/stop":                   stop,
		"No":                      press,
		"Это не я":                {Kind: Text, Text: "Это не я"},
		"не я!":                   press,
		"/help":                   {Kind: Command, Command: "help"},
		"stop it, please":         {Kind: Text, Text: "stop it, please"},
		link + "x":                {Kind: Text, Text: link + "x"},
		strings.Repeat("б", 16):   {Kind: Text, Text: strings.Repeat("б", 16)},
		"":                        {Kind: Text},
	} {
		if got := Words(text); got != want {
			t.Errorf("%q is %s %q %q %v, want %s", text, got.Kind, got.Payload, got.Command, got.Action, want.Kind)
		}
	}
}
