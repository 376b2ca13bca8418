package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"otpravka/internal/keyring"
	"otpravka/otpcore"
)

// keyText returns the base64 of a key that consists of one byte.
func keyText(fill byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32))
}

func mustRing(t testing.TB, fills ...byte) *keyring.Ring {
	t.Helper()
	var lines []string
	for _, fill := range fills {
		lines = append(lines, keyText(fill))
	}
	ring, err := keyring.Parse(strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

var place = otpcore.Place{Table: "links", Column: "phone", Row: "lnk_1", Business: "biz_1"}

func TestRotationOpensOldAndSealsNew(t *testing.T) {
	before, after := mustRing(t, 1), mustRing(t, 2, 1)
	sealed := before.Seal(place, []byte("secret"))
	if plain, err := after.Open(place, sealed); err != nil || string(plain) != "secret" {
		t.Errorf("the old value reads %q, %v", plain, err)
	}
	if _, err := before.Open(place, after.Seal(place, []byte("secret"))); err == nil {
		t.Error("a new value opens without the new key")
	}
	if after.CodeKeyID() == before.CodeKeyID() {
		t.Error("new codes come from the old key")
	}
	if before.Index("phone", "+79161234567") != after.Index("phone", "+79161234567") {
		t.Error("a new key in front changes the blind index")
	}
	if before.MAC("token", []byte("x")) != after.MAC("token", []byte("x")) {
		t.Error("a new key in front changes MACs")
	}
	if err := after.Matches(before.CheckValue()); err != nil {
		t.Errorf("the rotated ring is refused: %v", err)
	}
}

func TestCodesAreTheSameAfterRestart(t *testing.T) {
	in := otpcore.CodeInput{Business: [16]byte{1}, Verification: [16]byte{2}, Seed: [32]byte{3}, Length: 6, Alphabet: otpcore.Digits}
	first := mustRing(t, 1)
	id := first.CodeKeyID()
	mac, ok := first.CodeMAC(id)
	if !ok {
		t.Fatal("the ring has no key for its own id")
	}
	want := otpcore.DeriveCode(mac, in)
	for name, ring := range map[string]*keyring.Ring{"restarted": mustRing(t, 1), "rotated": mustRing(t, 2, 1)} {
		got, ok := ring.CodeMAC(id)
		if !ok || !otpcore.DeriveCode(got, in).Equal(want) {
			t.Errorf("%s ring derives another code", name)
		}
	}
	if _, ok := mustRing(t, 2).CodeMAC(id); ok {
		t.Error("a ring without the key knows its code key")
	}
}

func TestPurposesAndPartsDoNotMix(t *testing.T) {
	ring := mustRing(t, 1)
	if ring.Index("phone", "+7") == ring.Index("phone+", "7") {
		t.Error("purpose and value run together")
	}
	if ring.MAC("a", []byte("b"), []byte("c")) == ring.MAC("a", []byte("bc")) ||
		ring.MAC("a", []byte("b")) == ring.MAC("ab") ||
		ring.MAC("a") == ring.MAC("a", nil) {
		t.Error("parts run together")
	}
	index, mac := ring.Index("p", "v"), ring.MAC("p", []byte("v"))
	if bytes.Equal(index[:], mac[:16]) {
		t.Error("indexes and MACs come from one key")
	}
	if index.IsZero() || ring.Index("p", "v") != index || mustRing(t, 2).Index("p", "v") == index {
		t.Error("the index does not depend on key and value alone")
	}
}

func TestMatchesNamesTheMissingKey(t *testing.T) {
	value := mustRing(t, 1).CheckValue()
	id, _, _ := strings.Cut(value, ".")
	if err := mustRing(t, 1).Matches(value); err != nil {
		t.Errorf("the same ring is refused: %v", err)
	}
	wrong := mustRing(t, 3, 2).Matches(value)
	if wrong == nil || !strings.Contains(wrong.Error(), "sealed with key "+id+", which is not in "+keyring.EnvVar) {
		t.Errorf("wrong key: %v", wrong)
	}
	order := mustRing(t, 1, 2).Matches(value)
	if order == nil || !strings.Contains(order.Error(), "must be the last") {
		t.Errorf("wrong order: %v", order)
	}
	if err := mustRing(t, 2).Matches(id + "." + strings.Repeat("0", 32)); err == nil {
		t.Error("the id alone is taken for the key")
	}
}

func TestRingPrintsMasked(t *testing.T) {
	ring := mustRing(t, 0x41)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "ring", ring)
	asJSON, err := json.Marshal(ring)
	if err != nil {
		t.Fatal(err)
	}
	want := "keyring(" + ring.CodeKeyID() + ")"
	for _, text := range []string{
		fmt.Sprint(ring), fmt.Sprintf("%+v", ring), fmt.Sprintf("%#v", ring), fmt.Sprintf("%x", ring),
		strings.Trim(string(asJSON), `"`),
	} {
		if text != want {
			t.Errorf("the ring prints as %s, want %s", text, want)
		}
	}
	if !strings.Contains(log.String(), want) {
		t.Errorf("log line: %s", log.String())
	}
}

func BenchmarkIndex(b *testing.B) {
	ring := mustRing(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		ring.Index("phone", "+79161234567")
	}
}

func BenchmarkSealAndOpen(b *testing.B) {
	ring := mustRing(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ring.Open(place, ring.Seal(place, []byte("+79161234567"))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCode(b *testing.B) {
	ring := mustRing(b, 1)
	id := ring.CodeKeyID()
	in := otpcore.CodeInput{Length: 6, Alphabet: otpcore.Digits}
	b.ReportAllocs()
	for b.Loop() {
		mac, _ := ring.CodeMAC(id)
		otpcore.DeriveCode(mac, in)
	}
}
