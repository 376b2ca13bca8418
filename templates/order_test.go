package templates_test

import (
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/templates"
)

func orderText(locale string, status otpcore.OrderStatus) otpcore.OrderText {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return otpcore.OrderText{
		Channel: otpcore.Telegram, Locale: locale, Brand: "Book House", Number: "№ 10/42", Status: status,
		Now: now, CodeUntil: now.Add(72 * time.Hour), Location: time.FixedZone("+05", 5*3600),
		Capabilities: otpcore.Capabilities{CanEdit: true, CanButton: true, FreeText: true},
	}
}

func fullOrder(locale string) otpcore.OrderText {
	in := orderText(locale, otpcore.OrderOutForDelivery)
	in.Code = otpcore.NewCode("4821")
	in.News = otpcore.OrderNews{
		Items: []otpcore.OrderItem{
			{Name: "Green tea 100 g", Quantity: 2, Price: &otpcore.Money{Amount: "2990.00", Currency: "KZT"}},
			{Name: "Cup", Quantity: 1},
		},
		Total: &otpcore.Money{Amount: "12990.00", Currency: "KZT"}, TrackingURL: "https://track.bookhouse.example/42",
	}
	return in
}

func mustOrder(t testing.TB, in otpcore.OrderText) otpcore.Message {
	t.Helper()
	m, err := mustRenderer(t).Order(in)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func renderOrders(t testing.TB, locale string) string {
	t.Helper()
	var b strings.Builder
	for _, status := range otpcore.OrderStatuses {
		section(&b, string(status), mustOrder(t, orderText(locale, status)))
	}
	own := orderText(locale, "at_customs")
	own.News.Title = "At the customs office"
	section(&b, "own", mustOrder(t, own))
	full := fullOrder(locale)
	full.News.TrackingURL = ""
	section(&b, "with everything", mustOrder(t, full))
	full.Channel = otpcore.SMS
	section(&b, "sms with a code", mustOrder(t, full))
	return b.String()
}

func TestOrderMessage(t *testing.T) {
	for _, locale := range locales {
		m := mustOrder(t, fullOrder(locale))
		if len(m.Mono) != 1 || m.Text[m.Mono[0].Start:m.Mono[0].End] != "4821" || strings.Count(m.Text, "4821") != 1 {
			t.Errorf("%s: the code in %q %v", locale, m.Text, m.Mono)
		}
		if len(m.Buttons) != 2 || m.Buttons[0][0].Copy != "4821" || m.Buttons[1][0].URL != "https://track.bookhouse.example/42" {
			t.Errorf("%s: buttons %+v", locale, m.Buttons)
		}
		if !strings.HasPrefix(m.Text, "Book House: ") {
			t.Errorf("%s: the brand does not come first: %q", locale, m.Text)
		}
		long := fullOrder(locale)
		long.Code, long.News.Items = otpcore.Code{}, make([]otpcore.OrderItem, 50)
		for i := range long.News.Items {
			long.News.Items[i].Name = strings.Repeat("x", 64)
		}
		if m := mustOrder(t, long); len([]rune(m.Text)) > 4096 || !strings.Contains(m.Text, "40") || len(m.Mono) != 0 {
			t.Errorf("%s: a long order takes %d characters", locale, len([]rune(m.Text)))
		}
	}
	if _, err := mustRenderer(t).Order(orderText("en", "at_customs")); err == nil {
		t.Error("a status without a text and without a title was rendered")
	}
}

// T33: what asks for a code says when to give it.
func TestT33OrderCodeComesWithAWarning(t *testing.T) {
	for _, locale := range locales {
		lines := strings.Split(mustOrder(t, fullOrder(locale)).Text, "\n")
		if len(lines[len(lines)-1]) < 20 {
			t.Errorf("%s: no warning below the code: %q", locale, lines)
		}
	}
	sms := fullOrder("en")
	sms.Channel, sms.Number = otpcore.SMS, "A-1042"
	if text := mustOrder(t, sms).Text; templates.Segments(text) != 1 {
		t.Errorf("an SMS with a code takes %d segments: %q", templates.Segments(text), text)
	}
}
