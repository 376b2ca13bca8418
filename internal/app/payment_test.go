package app_test

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"otpravka/internal/app"
)

// price is an amount as the API takes it.
func price(amount, currency string) fields { return fields{"amount": amount, "currency": currency} }

func payment() fields {
	return fields{"amount": price("4990.00", "KZT"), "payee": "Ivan Petrov"}
}

func TestT12PaymentTextShowsAmountAndPayee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(1)
	anna := shop.link("+77011234567")
	proof := shop.begin(fields{"phone": "+77011234567", "channels": []string{"sms"}})
	shop.check(proof.ID, fields{"code": w.waitSMS("+77011234567").Code()})
	locales, err := os.ReadDir(root + "/templates/texts")
	if err != nil || len(locales) < 2 {
		t.Fatalf("locales are %v: %v", locales, err)
	}
	var old []string
	for i, dir := range locales {
		locale := dir.Name()
		bySMS := fmt.Sprintf("+7701000000%d", i)
		shop.begin(fields{"phone": bySMS, "template": "payment", "context": payment(), "locale": locale, "channels": []string{"sms"}})
		chat := shop.begin(fields{"phone": "+77011234567", "template": "payment", "context": payment(), "locale": locale, "channels": []string{"telegram"}})
		inChat := shop.inChat(anna, old...)
		old = append(old, inChat.Code())
		for channel, text := range map[string]string{"sms": w.waitSMS(bySMS).Text, "telegram": inChat.Text} {
			if !strings.Contains(text, "Ivan Petrov") || !strings.Contains(digitsOf(text), "499000") {
				t.Errorf("%s in %s does not show what is paid to whom: %q", channel, locale, text)
			}
		}
		shop.cancel(chat.ID)
	}
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

func TestT12ChangedContextCancels(t *testing.T) { eachDatabase(t, changedContextCancels) }

func changedContextCancels(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop := w.business("Shop")
	changed := func(name string, value any) fields {
		f := maps.Clone(payment())
		f[name] = value
		return f
	}
	for i, tt := range []struct {
		name    string
		context fields
	}{
		{"amount", changed("amount", price("4990.01", "KZT"))},
		{"currency", changed("amount", price("4990.00", "KGS"))},
		{"payee", changed("payee", "Ivan Petrow")},
		{"payee in other case", changed("payee", "ivan petrov")},
		{"one more", changed("note", "gift")},
		{"one less", fields{"amount": price("4990.00", "KZT")}},
		{"amount as text", changed("amount", "4990.00")},
	} {
		phone := fmt.Sprintf("+77010000%03d", i)
		v := shop.begin(fields{"phone": phone, "template": "payment", "context": payment(), "channels": []string{"sms"}})
		code := w.waitSMS(phone).Code()
		c := shop.check(v.ID, fields{"code": code, "context": tt.context})
		if c.Valid || c.Reason != "context_mismatch" || c.Status != "canceled" {
			t.Errorf("%s changed: %+v", tt.name, c)
		}
		if c := shop.check(v.ID, fields{"code": code, "context": payment()}); c.Valid || c.Reason != "canceled" {
			t.Errorf("%s changed, then repeated as it was: %+v", tt.name, c)
		}
		if got := shop.get(v.ID); got.EndReason != "context_mismatch" {
			t.Errorf("%s changed: ended as %q", tt.name, got.EndReason)
		}
	}
}

func TestT12EqualContextApproves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	for i, amount := range []string{"4990.00", "4990.0", "4990"} {
		phone := fmt.Sprintf("+77010000%03d", i)
		v := shop.begin(fields{"phone": phone, "template": "payment", "context": payment(), "channels": []string{"sms"}})
		code := w.waitSMS(phone).Code()
		if a := shop.ask("POST", "/v1/verifications/"+v.ID+"/check", fields{"code": code}); a.status != 422 || a.code != "context_required" {
			t.Errorf("no context: %d %s", a.status, a.body)
		}
		c := shop.check(v.ID, fields{"code": code, "context": fields{"payee": "Ivan Petrov", "amount": price(amount, "KZT")}})
		if !c.Valid {
			t.Errorf("amount %s: %+v", amount, c)
		}
	}
}
