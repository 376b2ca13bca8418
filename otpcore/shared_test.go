package otpcore_test

import (
	"slices"
	"testing"

	"otpravka/otpcore"
)

func TestMessageUnderAName(t *testing.T) {
	m := otpcore.Message{Text: "482913 is your code", Mono: []otpcore.Span{{Start: 0, End: 6}}}
	for name, want := range map[string]string{
		"Book House": "Book House\n482913 is your code",
		"Книги":      "Книги\n482913 is your code",
		"48":         "48\n482913 is your code", // a name may look like the beginning of a code
	} {
		got := m.Under(name)
		if at := got.Mono[0]; got.Text != want || got.Text[at.Start:at.End] != "482913" {
			t.Errorf("%s: %q, code at %v", name, got.Text, at)
		}
	}
	if m.Mono[0].Start != 0 {
		t.Error("the message itself has changed")
	}
	ended := otpcore.Message{Text: "Book House: the login code has been used."}
	if got := ended.Under("Book House"); got.Text != ended.Text {
		t.Errorf("named twice: %q", got.Text)
	}
}

func TestSharedNamesWhomItServes(t *testing.T) {
	s := otpcore.Shared{"bot_a": {"biz_1": "Zoo", "biz_2": "Books", "biz_3": "Books"}}
	if got := s.Served("bot_a"); !slices.Equal(got, []otpcore.ID{"biz_2", "biz_3", "biz_1"}) {
		t.Errorf("serves %v", got)
	}
	if _, ok := s.Name("bot_b", "biz_1"); ok {
		t.Error("an undeclared bot serves somebody")
	}
	if name, ok := s.Name("bot_a", "biz_1"); !ok || name != "Zoo" {
		t.Errorf("serves as %q", name)
	}
}
