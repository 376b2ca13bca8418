package sms

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"otpravka/otpcore"
)

// chain declares three providers at base: for Kazakhstan, for one business in
// Kazakhstan and Russia, and for everybody.
func chain(t *testing.T, base string) *Gateway {
	t.Helper()
	t.Setenv("SMS_KEY", "key")
	source := "sms_providers:\n"
	for _, p := range []struct{ id, where string }{
		{"kz", "countries: [KZ]"},
		{"own", "countries: [KZ, RU]\n    businesses: [" + string(owner) + "]"},
		{"world", "countries: []"},
	} {
		source += fmt.Sprintf(`
  - id: %s
    %s
    number_format: e164
    request: {method: POST, url: "%s/%s", body: {type: form, fields: {to: "{{to}}", text: "{{text}}"}}}
    success: {http: [200]}
`, p.id, p.where, base, p.id)
	}
	return open(t, parsed(t, source), nil)
}

var (
	owner    = otpcore.FormatID(otpcore.PrefixBusiness, [16]byte{1})
	stranger = otpcore.FormatID(otpcore.PrefixBusiness, [16]byte{2})
)

func TestGatewayPicksByCountryBusinessAndRefusals(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	g := chain(t, server.URL)
	for _, c := range []struct {
		business otpcore.ID
		region   string
		refused  []string
		want     string
	}{
		{owner, "KZ", nil, "kz"},
		{owner, "KZ", []string{"kz"}, "own"},
		{stranger, "KZ", []string{"kz"}, "world"},
		{owner, "RU", nil, "own"},
		{stranger, "RU", nil, "world"},
		{owner, "DE", nil, "world"},
		{owner, "KZ", []string{"kz", "own", "world"}, ""},
	} {
		got, err := g.Send(t.Context(), otpcore.Outgoing{
			BusinessID: c.business, Phone: otpcore.NewPhone("+77011234567", c.region), Refused: c.refused,
		})
		if got.Provider != c.want {
			t.Errorf("%s in %s without %v goes to %q, want %q", c.business, c.region, c.refused, got.Provider, c.want)
		}
		if c.want == "" && classOf(err) != otpcore.ClassNoRoute {
			t.Errorf("nobody left: %v", err)
		}
	}
	if !g.Covers(stranger, "DE") || (&Gateway{}).Covers(owner, "KZ") {
		t.Error("coverage is wrong")
	}
}

func TestElsewhereFollowsTheClass(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	g := chain(t, server.URL)
	for _, c := range []struct {
		status  int
		refused []string
		want    bool
	}{
		{503, nil, true},
		{429, nil, true},
		{401, nil, true},
		{400, nil, false}, // unknown: the next one would only be paid for the same answer
		{503, []string{"kz", "own"}, false},
	} {
		status = c.status
		_, err := g.Send(t.Context(), otpcore.Outgoing{
			BusinessID: owner, Phone: otpcore.NewPhone("+77011234567", "KZ"), Refused: c.refused,
		})
		e, ok := errors.AsType[*otpcore.SendError](err)
		if !ok || e.Elsewhere != c.want {
			t.Errorf("status %d without %v: %v, elsewhere %v, want %v", c.status, c.refused, err, e.Elsewhere, c.want)
		}
	}
}

func TestCapabilitiesPromiseReceiptsOfAllOrNone(t *testing.T) {
	silent, talking := chain(t, "http://sms.example"), open(t, declared(t, "form.yaml", "http://sms.example"), nil)
	if silent.Capabilities().Receipts || !talking.Capabilities().Receipts || (&Gateway{}).Capabilities().Receipts {
		t.Error("receipts are promised wrongly")
	}
	if got := talking.Providers()[0]; got.ID != "tower" || got.CallbackURL != urlOf(keyOf("tower")) {
		t.Errorf("provider is described as %+v", got)
	}
}
