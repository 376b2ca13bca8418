package otpcore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// hidden is a struct whose fields fmt and slog may not call methods on.
type hidden struct{ secret any }

type hiddenCode struct{ c Code }

type hiddenPhone struct{ p Phone }

type hiddenKey struct{ k KeyText }

type hiddenPairing struct{ s PairingSecret }

func TestSecretsPrintMasked(t *testing.T) {
	_, key := NewKey(&Business{}, Live, "", nil, time.Unix(0, 0))
	secret := key.Reveal()[keyPrefixLen+9:]
	for _, tt := range []struct {
		name   string
		values []any
		secret string
	}{
		{"code", []any{NewCode("493021"), new(NewCode("493021")), hidden{NewCode("493021")}, hiddenCode{NewCode("493021")}, []Code{NewCode("493021")}, map[string]Code{"a": NewCode("493021")}}, "493021"},
		{"phone", []any{NewPhone("+77011234567", "KZ"), hidden{NewPhone("+77011234567", "KZ")}, hiddenPhone{NewPhone("+77011234567", "KZ")}, []Phone{NewPhone("+77011234567", "KZ")}}, "7011234"},
		{"pairing", []any{NewPairingSecret("2@QX7TK9LM4W"), hidden{NewPairingSecret("2@QX7TK9LM4W")}, hiddenPairing{NewPairingSecret("2@QX7TK9LM4W")}, Pairing{QR: NewPairingSecret("2@QX7TK9LM4W")}}, "QX7TK9LM4W"},
		{"key", []any{key, hidden{key}, hiddenKey{key}, []KeyText{key}}, secret},
	} {
		for _, value := range tt.values {
			for out, text := range printed(t, value) {
				if strings.Contains(text, tt.secret) || strings.Contains(text, fmt.Sprintf("%x", tt.secret)) {
					t.Errorf("%s in %T under %s shows %q", tt.name, value, out, text)
				}
			}
		}
	}
}

// printed formats the value in every way that a careless line might.
func printed(t *testing.T, value any) map[string]string {
	t.Helper()
	out := map[string]string{"Sprint": fmt.Sprint(value)}
	for _, verb := range "vsqxXdbtcoOUeEfFgGpTwz" {
		for _, flag := range []string{"", "+", "#", " ", "0", "-20", ".3"} {
			format := "%" + flag + string(verb)
			out[format] = fmt.Sprintf(format, value)
		}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	out["json"] = string(raw)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("x", "value", value, slog.Group("g", "value", value))
		out[name] = b.String()
	}
	return out
}

func TestMasksTellWhatMayBeTold(t *testing.T) {
	_, key := NewKey(&Business{}, Test, "", nil, time.Unix(0, 0))
	for got, want := range map[string]string{
		NewPhone("+79161234567", "RU").String(): "+7916•••4567",
		NewPhone("+1234567", "").String():       "•••",
		(Phone{}).String():                      "•••",
		NewCode("1234").String():                "••••",
		(Code{}).String():                       "••••",
		key.String():                            "otp_test_" + key.Public() + "_•••",
		(KeyText{}).String():                    "otp_•••",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPhonesCompareByTheirNumber(t *testing.T) {
	if NewPhone("+77011234567", "KZ") != NewPhone("+7701"+strings.Repeat("1234567", 1), "KZ") {
		t.Error("equal phones differ")
	}
	if NewPhone("+77011234567", "KZ") == NewPhone("+77011234568", "KZ") {
		t.Error("different phones are equal")
	}
	if !NewPhone("", "KZ").IsZero() || NewPhone("+77011234567", "KZ").IsZero() {
		t.Error("zero phones are told wrongly")
	}
}

func TestShortPhones(t *testing.T) {
	for number, want := range map[string]string{
		"+77770000012": "+7 777 •••12", "+77011234567": "+7 701 •••67", "+998901234567": "+998 901 •••67", "+4915112345678": "+49 151 •••78",
		"+12025550123": "+1 202 •••23", "+6581234567": "+65 81 •••67", "+35418123": "•••", "+3541812345": "+354 1 •••45", "+354181234": "+354 •••34",
		"+999": "•••", "": "•••",
	} {
		if got := NewPhone(number, "").Short(); got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
}
