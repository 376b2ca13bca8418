package otpcore

import (
	"fmt"
	"strings"
	"testing"
)

func TestOwnCodes(t *testing.T) {
	six := 6
	for _, tt := range []struct {
		code   string
		length *int
		want   string // error code
	}{
		{"493021", nil, ""},
		{"A7K29B", nil, ""},
		{"4930217735", nil, ""},
		{"49302", nil, "code_invalid"},
		{"49302177351", nil, "code_invalid"},
		{"a7k29b", nil, "code_invalid"},
		{"4930 21", nil, "code_invalid"},
		{"49302\n1", nil, "code_invalid"},
		{"١٢٣٤٥٦", nil, "code_invalid"},
		{"000000", nil, "code_guessable"},
		{"AAAAAA", nil, "code_guessable"},
		{"123456", nil, "code_guessable"},
		{"987654", nil, "code_guessable"},
		{"ABCDEFGH", nil, "code_guessable"},
		{"493021", &six, "code_and_length"},
	} {
		var out Verification
		err := draftCode(&out, StartRequest{Code: tt.code, CodeLength: tt.length}, Settings{}, DefaultRules())
		if CodeOf(err) != tt.want || err == nil && out.CodeLength != len(tt.code) {
			t.Errorf("%q: %v, length %d", tt.code, err, out.CodeLength)
		}
		if err != nil && strings.Contains(err.Error(), tt.code) {
			t.Errorf("the refusal repeats %q", tt.code)
		}
	}
}

func TestCodeLengths(t *testing.T) {
	for _, tt := range []struct {
		asked, set, rules, want int // want 0: refused
	}{
		{0, 0, 6, 6},
		{0, 8, 6, 8},
		{10, 8, 6, 10},
		{5, 0, 6, 0},
		{11, 0, 6, 0},
		{-1, 0, 6, 0},
		{4, 0, 4, 4},
		{3, 0, 4, 0},
		{6, 0, 8, 6},
		{5, 0, 8, 0},
	} {
		rules := DefaultRules()
		rules.CodeLength = tt.rules
		r := StartRequest{}
		if tt.asked != 0 {
			r.CodeLength = &tt.asked
		}
		var out Verification
		err := draftCode(&out, r, Settings{CodeLength: tt.set}, rules)
		if tt.want == 0 && CodeOf(err) != "code_length_out_of_range" || tt.want != 0 && (err != nil || out.CodeLength != tt.want) {
			t.Errorf("%+v: length %d, %v", tt, out.CodeLength, err)
		}
	}
}

func TestMetadata(t *testing.T) {
	many := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprintf("k%d", i)] = "v"
		}
		return m
	}
	for _, tt := range []struct {
		name string
		r    StartRequest
		want string
	}{
		{"16 keys", StartRequest{Metadata: many(16)}, ""},
		{"17 keys", StartRequest{Metadata: many(17)}, "metadata_too_large"},
		{"empty key", StartRequest{Metadata: map[string]string{"": "v"}}, "metadata_too_large"},
		{"long key", StartRequest{Metadata: map[string]string{strings.Repeat("k", 41): "v"}}, "metadata_too_large"},
		{"longest", StartRequest{Metadata: map[string]string{strings.Repeat("k", 40): strings.Repeat("v", 500)}}, ""},
		{"long value", StartRequest{Metadata: map[string]string{"k": strings.Repeat("v", 501)}}, "metadata_too_large"},
		{"card", StartRequest{Metadata: map[string]string{"k": "card 4111 1111 1111 1111"}}, "pan_detected"},
		{"card in a key", StartRequest{Metadata: map[string]string{"4111111111111111": "v"}}, "pan_detected"},
		{"card as order", StartRequest{OrderID: "4111-1111-1111-1111"}, "pan_detected"},
		{"long order", StartRequest{OrderID: strings.Repeat("x", 65)}, "order_id_too_long"},
		{"turned order", StartRequest{OrderID: "A-\u202e2401"}, "control_character"},
		{"isolated order", StartRequest{OrderID: "A-\u20661042\u2069"}, "control_character"},
		{"order", StartRequest{OrderID: "KZ-100245"}, ""},
	} {
		if err := checkMetadata(tt.r); CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
