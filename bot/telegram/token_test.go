package telegram

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const goodToken = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"

func TestTokenForm(t *testing.T) {
	secret := strings.Repeat("a", 35)
	for raw, want := range map[string]bool{
		goodToken:                                true,
		"123456:" + strings.Repeat("A", 30):      true,
		"12345:" + secret:                        false, // id too short
		"0123456:" + secret:                      false,
		"123456:" + strings.Repeat("A", 29):      false,
		"123456:" + strings.Repeat("A", 65):      false,
		"123456" + secret:                        false,
		"1:x/../../admin?y=":                     false,
		"123456:" + secret + "/../getMe":         false,
		"123456:" + secret + "\n":                false,
		" " + goodToken:                          false,
		"123456:" + secret + "%2f":               false,
		"１２３４５６:" + secret:                       false, // digits of another script
		"":                                       false,
		"123456:" + strings.Repeat("ж", 30):      false,
		"123456:" + secret + "@example.com:443/": false,
	} {
		if got := token(raw).wellFormed(); got != want {
			t.Errorf("%q is well formed: %v, want %v", raw, got, want)
		}
	}
	if got := token(goodToken).account(); got != "110201543" {
		t.Errorf("account is %s", got)
	}
}

func TestTokenPrintsMasked(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Info("token", "token", token(goodToken))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb+"\n", token(goodToken))
		fmt.Fprintf(&out, verb+"\n", struct{ T token }{goodToken})
	}
	if strings.Contains(out.String(), "AAHdq") || strings.Contains(out.String(), fmt.Sprintf("%x", "AAHdq")) {
		t.Errorf("token is shown:\n%s", out.String())
	}
}
