//go:build !nowhatsmeow

package whatsappdevice

import (
	"log/slog"
	"strings"
	"testing"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappsim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func TestSenderContract(t *testing.T) {
	var d *desk
	phone := func(o otpcore.Outgoing) *whatsappsim.Phone {
		p, _ := wa.Phone(o.Phone.E164())
		return p
	}
	coretest.TestWireSender(t, coretest.WireHarness{
		New: func(t testing.TB, log *slog.Logger) otpcore.Sender {
			d = newLogged(t, log)
			d.link(newPhone("Shop"))
			return d.Connector
		},
		Outgoing: func() otpcore.Outgoing {
			p := newPhone("Anna")
			o := to(p, "482913 is your code")
			o.Phone = otpcore.NewPhone("+"+p.Number(), "KZ")
			o.Message.Mono = []otpcore.Span{{Start: 0, End: 6}}
			return o
		},
		Copies: func(o otpcore.Outgoing) int {
			d.must(d.owner.WaitSettled(soon(d)))
			return len(phone(o).Messages())
		},
		Mute: func(o otpcore.Outgoing) {
			wa.Fail(fault.Rule{Method: "message", Target: strings.TrimPrefix(o.Phone.E164(), "+"), Empty: true, Processed: true})
		},
		Refuse: func(o otpcore.Outgoing) {
			wa.Fail(fault.Rule{Method: "message", Target: strings.TrimPrefix(o.Phone.E164(), "+"), Status: 479})
		},
		Cut: func(otpcore.Sender) { d.must(d.halt()) },
	})
}
