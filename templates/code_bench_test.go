package templates_test

import (
	"testing"

	"otpravka/otpcore"
)

// BenchmarkCode is what the text of a login costs: in the two languages whose SMS
// go in different alphabets, and in a chat.
func BenchmarkCode(b *testing.B) {
	r := mustRenderer(b)
	for _, c := range []struct {
		name, locale string
		channel      otpcore.Channel
	}{{"sms en", "en", otpcore.SMS}, {"sms ru", "ru", otpcore.SMS}, {"chat", "ru", otpcore.Telegram}} {
		b.Run(c.name, func(b *testing.B) {
			in := samples()[0]
			in.Locale, in.Channel = c.locale, c.channel
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Code(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
