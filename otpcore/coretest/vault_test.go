package coretest

import (
	"bytes"
	"testing"

	"otpravka/otpcore"
)

func TestVaultBindsSealedValuesToTheirPlace(t *testing.T) {
	v := NewVault()
	at := otpcore.Place{Table: "bots", Column: "token", Row: "bot_1", Business: "biz_1"}
	sealed := v.Seal(at, []byte("secret"))
	if bytes.Contains(sealed, []byte("secret")) {
		t.Error("the sealed value shows the plain one")
	}
	if plain, err := v.Open(at, sealed); err != nil || string(plain) != "secret" {
		t.Errorf("open: %q, %v", plain, err)
	}
	for name, elsewhere := range map[string]otpcore.Place{
		"table":    {Table: "links", Column: "token", Row: "bot_1", Business: "biz_1"},
		"column":   {Table: "bots", Column: "name", Row: "bot_1", Business: "biz_1"},
		"row":      {Table: "bots", Column: "token", Row: "bot_2", Business: "biz_1"},
		"business": {Table: "bots", Column: "token", Row: "bot_1", Business: "biz_2"},
		"shifted":  {Table: "botst", Column: "oken", Row: "bot_1", Business: "biz_1"},
	} {
		if _, err := v.Open(elsewhere, sealed); err == nil {
			t.Errorf("a value moved to another %s opens", name)
		}
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := v.Open(at, sealed); err == nil {
		t.Error("a changed value opens")
	}
}

func TestVaultKeysPurposesApart(t *testing.T) {
	v := NewVault()
	if v.Index("phone", "+77011234567") == v.Index("chat", "+77011234567") {
		t.Error("one value has the same index for two purposes")
	}
	if v.MAC("p", []byte("ab"), []byte("c")) == v.MAC("p", []byte("a"), []byte("bc")) {
		t.Error("parts run together")
	}
}

func TestVaultLosesCodeKeys(t *testing.T) {
	v := NewVault()
	first := v.CodeKeyID()
	v.RotateCodeKey("k2")
	if v.CodeKeyID() != "k2" {
		t.Errorf("new verifications use %s", v.CodeKeyID())
	}
	if _, ok := v.CodeMAC(first); !ok {
		t.Error("rotation lost the first key")
	}
	v.LoseCodeKey(first)
	if _, ok := v.CodeMAC(first); ok {
		t.Error("a lost key is still there")
	}
}
