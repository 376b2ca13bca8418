package otpcore

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

// input is the input of the reference vectors: a key of 00..1f, a business of
// sixteen A0, an id and a seed of zeros but for one byte.
func input(i byte, length int) ([]byte, CodeInput) {
	key := make([]byte, 32)
	for k := range key {
		key[k] = byte(k)
	}
	in := CodeInput{Length: length, Alphabet: Digits}
	for k := range in.Business {
		in.Business[k] = 0xa0
	}
	in.Verification[15], in.Seed[0] = i, 7*i
	return key, in
}

// under is the MAC of one key, for one goroutine.
func under(key []byte) CodeMAC {
	h := hmac.New(sha256.New, key)
	return func(msg []byte) [32]byte {
		h.Reset()
		h.Write(msg)
		return [32]byte(h.Sum(nil))
	}
}

func TestDeriveCodeVectors(t *testing.T) {
	for i, want := range [][2]string{{"541896", "44974071"}, {"975155", "24689916"}, {"430582", "60814107"}} {
		for k, length := range []int{6, 8} {
			key, in := input(byte(i), length)
			if got := DeriveCode(under(key), in).Reveal(); got != want[k] {
				t.Errorf("vector %d, %d digits: %s, want %s", i, length, got, want[k])
			}
		}
	}
}

func TestDeriveCodeDependsOnEverything(t *testing.T) {
	key, in := input(1, 10)
	base := DeriveCode(under(key), in).Reveal()
	for name, change := range map[string]func(){
		"business":     func() { in.Business[0]++ },
		"verification": func() { in.Verification[0]++ },
		"seed":         func() { in.Seed[31]++ },
		"key":          func() { key[0]++ },
		"alphabet":     func() { in.Alphabet = Unambiguous },
	} {
		key, in = input(1, 10)
		change()
		if DeriveCode(under(key), in).Reveal() == base {
			t.Errorf("another %s gives the same code", name)
		}
	}
}

func TestUnambiguousAlphabet(t *testing.T) {
	const symbols = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	seen := map[rune]int{}
	for i := range 200 {
		key, in := input(byte(i), 10)
		in.Alphabet = Unambiguous
		code := DeriveCode(under(key), in).Reveal()
		if len(code) != 10 || strings.Trim(code, symbols) != "" {
			t.Fatalf("code %q", code)
		}
		for _, r := range code {
			seen[r]++
		}
	}
	if len(seen) != len(symbols) {
		t.Errorf("%d of %d symbols occur in 2,000 draws", len(seen), len(symbols))
	}
}

// Long codes need more than one block of the stream.
func TestDeriveCodeSpansBlocks(t *testing.T) {
	key, in := input(1, 200)
	code := DeriveCode(under(key), in).Reveal()
	if len(code) != 200 || code[:50] == code[50:100] {
		t.Errorf("code of 200: %q", code)
	}
}

func TestNormaliseCode(t *testing.T) {
	for _, tt := range []struct {
		typed, want string
		ok          bool
	}{
		{"123456", "123456", true},
		{"123 456", "123456", true},
		{" 123-456 ", "123456", true},
		{"123\u00a0456", "123456", true},
		{"12\u202f34\u200956", "123456", true},
		{"123\u2011456", "123456", true}, // the hyphen that telephones type by themselves
		{"123\u2013456", "123456", true},
		{"١٢٣٤٥٦", "123456", true},
		{"۱۲۳۴۵۶", "123456", true},
		{"१२३४५६", "123456", true},
		{"១២៣៤៥៦", "123456", true},
		{"１２３４５６", "123456", true},
		{"ab12cd", "AB12CD", true},
		{"", "", true},
		{"12345б", "12345б", true},
		{"123456\x00", "", false},
		{"123456\n", "", false},
		{"123456\t", "", false},
		{"123456\u0085", "", false},
		{"123456\x7f", "", false},
		{"12345\xff", "", false},
		{strings.Repeat("1", 64), strings.Repeat("1", 64), true},
		{strings.Repeat("1", 65), "", false},
	} {
		got, ok := NormaliseCode(tt.typed)
		if ok != tt.ok || got.Reveal() != tt.want {
			t.Errorf("%q: %q, %v, want %q, %v", tt.typed, got.Reveal(), ok, tt.want, tt.ok)
		}
	}
}

// Every script's digits count from its zero, which is the rune before its one.
func TestEveryScriptsDigitsFold(t *testing.T) {
	n := 0
	for _, table := range [][]unicode.Range32{runs16(), unicode.Nd.R32} {
		for _, run := range table {
			for r := rune(run.Lo); r <= rune(run.Hi); r++ {
				want := string('0' + (r-rune(run.Lo))%10)
				if got, ok := NormaliseCode(string(r)); !ok || got.Reveal() != want {
					t.Errorf("%U: %q, want %q", r, got.Reveal(), want)
				}
				n++
			}
			if run.Stride != 1 || (run.Hi-run.Lo+1)%10 != 0 {
				t.Errorf("run %x-%x holds no whole scripts", run.Lo, run.Hi)
			}
		}
	}
	if n < 600 {
		t.Errorf("only %d digits are known", n)
	}
}

func runs16() []unicode.Range32 {
	var runs []unicode.Range32
	for _, r := range unicode.Nd.R16 {
		runs = append(runs, unicode.Range32{Lo: uint32(r.Lo), Hi: uint32(r.Hi), Stride: uint32(r.Stride)})
	}
	return runs
}

func TestCodeEqual(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"123456", "123456", true}, {"123456", "123457", false}, {"123456", "12345", false}, {"", "", true}} {
		if got := NewCode(tt.a).Equal(NewCode(tt.b)); got != tt.want {
			t.Errorf("%s = %s: %v", tt.a, tt.b, got)
		}
	}
	if !(Code{}).Equal(NewCode("")) {
		t.Error("no code differs from an empty one")
	}
}

func TestOwnCodesAreHiddenWithTheirLength(t *testing.T) {
	for _, code := range []string{"493021", "A7K29B", "4930217735"} {
		padded := padCode(NewCode(code))
		if len(padded) != 16 || unpadCode(padded).Reveal() != code {
			t.Errorf("%s: padded to %d bytes, back as %s", code, len(padded), unpadCode(padded).Reveal())
		}
	}
}

func ExampleCode() {
	fmt.Printf("%v %s %q %d %+v\n", NewCode("493021"), NewCode("493021"), NewCode("493021"), NewCode("493021"), struct{ C Code }{NewCode("493021")})
	// Output: •••• •••• •••• •••• {C:••••}
}
