package keyring_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"otpravka/internal/keyring"
)

func TestParseAcceptsEveryBase64(t *testing.T) {
	key := []byte(strings.Repeat("\xfb\xff", 16)) // its text needs both special symbols
	want, err := keyring.Parse(base64.StdEncoding.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	for name, enc := range map[string]*base64.Encoding{
		"unpadded": base64.RawStdEncoding, "url": base64.URLEncoding, "url unpadded": base64.RawURLEncoding,
	} {
		got, err := keyring.Parse("  " + enc.EncodeToString(key) + "\n")
		if err != nil || got.CheckValue() != want.CheckValue() {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	two, err := keyring.Parse("# newest first\n" + keyText(2) + ", " + keyText(1) + "\r\n\n  # an old one: " + keyText(3))
	if err != nil || two.CheckValue() != mustRing(t, 1).CheckValue() || two.CodeKeyID() != mustRing(t, 2).CodeKeyID() {
		t.Errorf("two keys and comments: %v, %v", two, err)
	}
}

func TestParseSaysWhatToDo(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "OTPRAVKA_MASTER_KEY holds no key: put one there, made with `openssl rand -base64 32`",
		"# only a comment":            "holds no key",
		"correct horse":               "key 1 of OTPRAVKA_MASTER_KEY is not base64: make a key with",
		"%%%":                         "key 1 of OTPRAVKA_MASTER_KEY is not base64: make a key with",
		keyText(1) + "\nc2hvcnQ=":     "key 2 of OTPRAVKA_MASTER_KEY has 5 bytes, not 32",
		keyText(1) + keyText(2):       "is not base64",
		keyText(1) + " " + keyText(1): "key 2 of OTPRAVKA_MASTER_KEY stands there twice",
	} {
		_, err := keyring.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, want %q", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "horse") || strings.Contains(err.Error(), keyText(1))) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}
