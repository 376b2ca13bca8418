package sms

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"otpravka/otpcore"
)

func TestAPriceCountsForAMessageOrForEachSegment(t *testing.T) {
	t.Setenv("SMS_KEY", "key")
	answer := `{"id":"a-1"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
	defer server.Close()
	const cost = "cost: {path: \"$.price\", currency: USD}\n    "
	for _, c := range []struct {
		declared string
		segments int
		answer   string
		want     otpcore.Money
	}{
		{`price: {amount: "18.50", currency: KZT}`, 3, answer, otpcore.Money{Amount: "18.50", Currency: "KZT"}},
		{`price: {amount: "18.50", currency: KZT, per: message}`, 3, answer, otpcore.Money{Amount: "18.50", Currency: "KZT"}},
		{`price: {amount: "18.50", currency: KZT, per: segment}`, 1, answer, otpcore.Money{Amount: "18.50", Currency: "KZT"}},
		{`price: {amount: "18.50", currency: KZT, per: segment}`, 2, answer, otpcore.Money{Amount: "37.00", Currency: "KZT"}},
		{`price: {amount: 95, currency: UZS, per: segment}`, 3, answer, otpcore.Money{Amount: "285", Currency: "UZS"}},
		{`price: {amount: "99999999999.999999", currency: UZS, per: segment}`, 10, answer, otpcore.Money{Amount: "999999999999.999990", Currency: "UZS"}},
		{cost + `price: {amount: 95, currency: UZS, per: segment}`, 3, `{"id":"a-1","price":"0.07"}`, otpcore.Money{Amount: "0.07", Currency: "USD"}},
	} {
		answer = c.answer
		source := strings.NewReplacer("https://sms.example", server.URL, "id: one", "id: one\n    "+c.declared).Replace(minimal)
		g, err := New(parsed(t, source), Options{Logger: quiet(), Segments: func(text string) int {
			if text != outgoing().Message.Text {
				t.Errorf("counted %q", text)
			}
			return c.segments
		}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.Send(t.Context(), outgoing())
		if g.Close(); err != nil || got.Cost.Money != c.want {
			t.Errorf("%s, %d segments: %v, %v, want %v", c.declared, c.segments, got.Cost, err, c.want)
		}
	}
}

func TestAPricePerSegmentNeedsACount(t *testing.T) {
	t.Setenv("SMS_KEY", "key")
	source := strings.Replace(minimal, "id: one", "id: one\n    price: {amount: 95, currency: UZS, per: segment}", 1)
	if _, err := New(parsed(t, source), Options{Logger: quiet()}); !errors.Is(err, errNoSegments) {
		t.Errorf("without a count: %v", err)
	}
}
