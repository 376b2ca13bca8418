package sms

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"

	"otpravka/otpcore"
)

// wire is a request as it arrived.
type wire struct {
	*http.Request
	body []byte
}

// sent sends one message through the file's provider and returns what arrived.
func sent(t *testing.T, file string, o otpcore.Outgoing) wire {
	t.Helper()
	arrived := make(chan wire, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- wire{r, body}
	}))
	t.Cleanup(server.Close)
	_, _ = open(t, declared(t, file, server.URL), nil).Send(t.Context(), o)
	select {
	case w := <-arrived:
		return w
	default:
		t.Fatal("nothing arrived")
		return wire{}
	}
}

func TestJSONBodyKeepsItsShape(t *testing.T) {
	o := outgoing()
	got := sent(t, "json.yaml", o)
	d := json.NewDecoder(bytes.NewReader(got.body))
	var body any
	if err := d.Decode(&body); err != nil {
		t.Fatalf("body is no JSON: %v", err)
	}
	want := map[string]any{
		"messages": []any{map[string]any{
			"to": "998901234567", "content": map[string]any{"text": nasty}, "from": "4546", "flash": false, "ttl": 300.0,
		}},
		"callback_url": urlOf(keyOf("steppe")),
	}
	if !reflect.DeepEqual(body, want) {
		t.Errorf("body is %s, want %v", got.body, want)
	}
	if written, err := encodeJSON(want); err != nil || string(got.body) != written+"\n" {
		t.Errorf("body is %s, want it as package json writes it: %s, %v", got.body, written, err)
	}
	for header, want := range map[string]string{
		"Authorization": "Bearer " + credentials["STEPPE_TOKEN"], "Content-Type": "application/json", "X-Reference": string(o.DeliveryID),
	} {
		if got := got.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
}

func TestTextsAreEscapedAsPackageJSONDoes(t *testing.T) {
	for _, text := range []string{
		"", "482913 — код для входа", nasty, "a\x00b\x1f\x7f", "\\", "<&>", "line\u2028para\u2029", "broken \xd0 rune", "\ufffd", "😀",
	} {
		want, err := encodeJSON(text)
		if got := `"` + escapeJSON(text) + `"`; err != nil || got != want {
			t.Errorf("%q is written %s, want %s, %v", text, got, want, err)
		}
	}
}

func TestQueryBodyTravelsInTheURL(t *testing.T) {
	got := sent(t, "query.yaml", outgoing())
	want := url.Values{"json": {"1"}, "to": {"998901234567"}, "msg": {nasty}, "api_id": {credentials["VOLGA_API_ID"]}}
	if query := got.URL.Query(); got.Method != http.MethodGet || got.URL.Path != "/sms/send" || !reflect.DeepEqual(query, want) {
		t.Errorf("request is %s %s with %v, want %v", got.Method, got.URL.Path, query, want)
	}
	if len(got.body) > 0 || len(got.TransferEncoding) > 0 || got.ContentLength != 0 {
		t.Errorf("GET carries a body: %q, %v, %d", got.body, got.TransferEncoding, got.ContentLength)
	}
}

func TestFormBodyAndEscapedPath(t *testing.T) {
	got := sent(t, "form.yaml", outgoing())
	if path := got.URL.EscapedPath(); path != "/2010-04-01/Accounts/AC%2F..%2Fsid%3F55/Messages.json" {
		t.Errorf("path is %s", path)
	}
	form, err := url.ParseQuery(string(got.body))
	want := url.Values{"To": {"+998901234567"}, "From": {"+15005550006"}, "Body": {nasty}, "StatusCallback": {urlOf(keyOf("tower"))}}
	if err != nil || !reflect.DeepEqual(form, want) {
		t.Errorf("form is %v, %v, want %v", form, err, want)
	}
	if user, password, ok := got.BasicAuth(); !ok || user != credentials["TOWER_SID"] || password != credentials["TOWER_TOKEN"] {
		t.Errorf("basic auth is %q, %q, %v", user, password, ok)
	}
}

func TestNumberSpellings(t *testing.T) {
	for _, number := range []struct{ e164, region, digits, national string }{
		{"+998901234567", "UZ", "998901234567", "901234567"},
		{"+77011234567", "KZ", "77011234567", "7011234567"},
		{"+12015550123", "US", "12015550123", "2015550123"},
		{"+390612345678", "IT", "390612345678", "0612345678"},
		{"+870776001234", "001", "870776001234", ""},
	} {
		got := spell(otpcore.NewPhone(number.e164, number.region))
		if want := (spelling{number.e164, number.digits, number.national}); got != want {
			t.Errorf("%s is %v, want %v", number.e164, got, want)
		}
	}
}
