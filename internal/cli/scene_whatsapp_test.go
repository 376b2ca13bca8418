//go:build !nowhatsmeow

package cli_test

import (
	"context"
	"encoding/json"
	"regexp"

	"otpravka/internal/sim/whatsappsim"
)

// whatsAppScene is WhatsApp around the server of a reader: the shop's phone and
// the user's.
type whatsAppScene struct {
	server     *whatsappsim.Server
	shop, user *whatsappsim.Phone
}

// setWhatsApp starts the simulator.
func (r *reader) setWhatsApp() {
	r.Helper()
	wa := whatsappsim.New(whatsappsim.Options{FewKeys: true})
	r.Cleanup(wa.Close)
	if _, err := wa.Listen(); err != nil {
		r.Fatal(err)
	}
	r.whatsApp = whatsAppScene{
		server: wa,
		shop:   wa.NewPhone(whatsappsim.PhoneOptions{Number: "+77015550100", Name: "Shop"}),
		user:   wa.NewPhone(whatsappsim.PhoneOptions{Number: userPhone, Name: "Anna"}),
	}
	r.kept = append(r.kept, "OTPRAVKA_WHATSAPP_TEST_SERVER="+wa.TestServer())
}

func init() {
	acts["the business has a phone with WhatsApp"] = func(*reader, context.Context) {}
	acts["the owner scans the code"] = func(r *reader, ctx context.Context) {
		var shown struct {
			QR string `json:"qr"`
		}
		r.ok(json.Unmarshal(r.said, &shown))
		r.ok(r.whatsApp.shop.Scan(ctx, shown.QR))
		connected := regexp.MustCompile(`"state":"connected"`)
		for !connected.Match(r.said) {
			if ctx.Err() != nil {
				r.Fatalf("%s: the device never connected: %s", r.document, r.said)
			}
			r.run(`curl -s http://localhost:8080/v1/bots/$BOT -H "Authorization: Bearer $LIVE_KEY"`)
		}
	}
	acts["the customer follows the WhatsApp link"] = func(r *reader, ctx context.Context) {
		var started struct {
			Links map[string]string `json:"links"`
		}
		r.ok(json.Unmarshal(r.said, &started))
		_, err := r.whatsApp.user.OpenLink(started.Links["whatsapp"])
		r.ok(err)
		code := regexp.MustCompile(`\b[0-9]{6}\b`)
		m, err := r.whatsApp.user.WaitMessage(ctx, func(m whatsappsim.Message) bool {
			return m.From == r.whatsApp.shop.Number() && code.MatchString(m.Text)
		})
		r.ok(err)
		r.got("whatsapp", code.FindString(m.Text), m.Text)
	}
}
