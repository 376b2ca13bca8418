package bot

import (
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
)

func TestActions(t *testing.T) {
	id := otpcore.NewID(otpcore.PrefixVerification, time.Now())
	wanted := []otpcore.Action{{Verb: otpcore.ActSpeak, Locale: "kk"}}
	for _, verb := range verbs {
		wanted = append(wanted, otpcore.Action{Verb: verb, ID: id})
	}
	for _, want := range wanted {
		data := FormatAction(want)
		if len(data) > 64 {
			t.Errorf("%s takes %d bytes, Telegram allows 64", want.Verb, len(data))
		}
		if got, ok := ParseAction(data); !ok || got != want {
			t.Errorf("%q reads back as %v, %v", data, got, ok)
		}
	}
	for _, data := range []string{
		"", ":", "speak", "speak:", "speak:../kk", "speak:" + string(id), "kk", "notme", "notme:", "notme:vrf_", "approve:" + string(id), "NOTME:" + string(id),
		"notme:" + strings.ToUpper(string(id)), "notme:" + string(id) + ":", "notme:" + strings.Replace(string(id), "vrf", "biz", 1),
	} {
		if got, ok := ParseAction(data); ok {
			t.Errorf("%q is taken for %v", data, got)
		}
	}
}
