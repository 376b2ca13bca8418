package sms

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"otpravka/otpcore"
)

func report(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.1:4711"
	return r
}

func TestReportsBecomeReceipts(t *testing.T) {
	ref := outgoing().DeliveryID
	receipt := func(provider, id string, status otpcore.DeliveryStatus) otpcore.Receipt {
		r := otpcore.Receipt{Provider: provider, MessageID: id, Status: status}
		if status == otpcore.FailedDlv {
			r.Class = otpcore.ClassUnknown
		}
		return r
	}
	delivered := receipt("steppe", "a-1", otpcore.Delivered)
	referred := delivered
	referred.Reference = ref
	unnamed := otpcore.Receipt{Provider: "steppe", Reference: ref, Status: otpcore.Delivered}
	for name, c := range map[string]struct {
		file string
		r    *http.Request
		want []otpcore.Receipt
	}{
		"one":           {"json.yaml", report("POST", "/", `{"results":[{"message_id":"a-1","status":"DELIVRD"}]}`), []otpcore.Receipt{delivered}},
		"without list":  {"json.yaml", report("POST", "/", `{"results":{"message_id":"a-1","status":"DELIVRD"}}`), []otpcore.Receipt{delivered}},
		"reference":     {"json.yaml", report("POST", "/", `{"results":[{"message_id":"a-1","ref":"`+string(ref)+`","status":"DELIVRD"}]}`), []otpcore.Receipt{referred}},
		"no id, ours":   {"json.yaml", report("POST", "/", `{"results":[{"ref":"`+string(ref)+`","status":"DELIVRD"}]}`), []otpcore.Receipt{unnamed}},
		"foreign ref":   {"json.yaml", report("POST", "/", `{"results":[{"message_id":"a-1","ref":"vrf_1","status":"DELIVRD"}]}`), []otpcore.Receipt{delivered}},
		"empty batch":   {"json.yaml", report("POST", "/", `{"results":[]}`), nil},
		"unlisted word": {"json.yaml", report("POST", "/", `{"results":[{"message_id":"a-1","status":"ENROUTE"}]}`), nil},
		"no status":     {"json.yaml", report("POST", "/", `{"results":[{"message_id":"a-1"}]}`), nil},
		"no id":         {"json.yaml", report("POST", "/", `{"results":[{"status":"DELIVRD"}]}`), nil},
		"bad among good, twice, out of order": {
			"json.yaml",
			report("POST", "/", `{"results":[{"message_id":12345678901234567890,"status":"DELIVERED"},7,null,{"message_id":"x","status":"?"},
				{"message_id":"12345678901234567890","status":"ACCEPTED"},{"message_id":12345678901234567890,"status":108},{"message_id":12345678901234567890,"status":"DELIVERED"}]}`),
			[]otpcore.Receipt{
				receipt("steppe", "12345678901234567890", otpcore.Delivered), receipt("steppe", "12345678901234567890", otpcore.Sent),
				receipt("steppe", "12345678901234567890", otpcore.FailedDlv), receipt("steppe", "12345678901234567890", otpcore.Delivered),
			},
		},
		"query":         {"query.yaml", report("GET", "/?id=77&status=1", ""), []otpcore.Receipt{receipt("volga", "77", otpcore.Delivered)}},
		"query by POST": {"query.yaml", report("POST", "/?id=77&status=20", "ignored"), []otpcore.Receipt{receipt("volga", "77", otpcore.FailedDlv)}},
		"form":          {"form.yaml", report("POST", "/?MessageSid=no", "MessageSid=SM1&MessageStatus=read"), []otpcore.Receipt{receipt("tower", "SM1", otpcore.Read)}},
		"doubled field": {"form.yaml", report("POST", "/", "MessageSid=SM1&MessageSid=SM2&MessageStatus=read"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t, declared(t, c.file, "http://sms.example"), nil)
			got, reply, err := g.Receipts(g.providers[0].key, c.r)
			if err != nil || reply.Status != http.StatusOK {
				t.Fatalf("reply %+v, %v", reply, err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("receipts are %+v, want %+v", got, c.want)
			}
			if want := map[string]string{"json.yaml": "100"}[c.file]; reply.Body != want {
				t.Errorf("reply's body is %q, want %q", reply.Body, want)
			}
		})
	}
}

func TestReportsAreRefused(t *testing.T) {
	key := keyOf("steppe")
	elsewhere := func(addr string) *http.Request {
		r := report("GET", "/?id=1&status=1", "")
		r.RemoteAddr = addr
		return r
	}
	for name, c := range map[string]struct {
		file, key string
		r         *http.Request
		want      int
	}{
		"unknown key":    {"json.yaml", keyOf("other"), report("POST", "/", "{}"), 404},
		"empty key":      {"json.yaml", "", report("POST", "/", "{}"), 404},
		"part of a key":  {"json.yaml", key[:len(key)-1], report("POST", "/", "{}"), 404},
		"method":         {"json.yaml", key, report("GET", "/", ""), 405},
		"no JSON":        {"json.yaml", key, report("POST", "/", "a=b"), 400},
		"no list":        {"json.yaml", key, report("POST", "/", `{"result":[]}`), 400},
		"too many":       {"json.yaml", key, report("POST", "/", `{"results":[`+strings.Repeat("0,", maxEntries)+`0]}`), 400},
		"too large":      {"json.yaml", key, report("POST", "/", `{"results":[`+strings.Repeat(" ", maxReport)+`]}`), 413},
		"broken form":    {"form.yaml", keyOf("tower"), report("POST", "/", "a=%zz"), 400},
		"other address":  {"query.yaml", keyOf("volga"), elsewhere("192.0.2.2:1"), 403},
		"no address":     {"query.yaml", keyOf("volga"), elsewhere("@"), 403},
		"mapped address": {"query.yaml", keyOf("volga"), elsewhere("[::ffff:192.0.2.1]:1"), 200},
		"IPv6 network":   {"query.yaml", keyOf("volga"), elsewhere("[2001:db8:1::7]:1"), 200},
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t, declared(t, c.file, "http://sms.example"), nil)
			got, reply, err := g.Receipts(c.key, c.r)
			if reply.Status != c.want || (err == nil) != (c.want == 200) || (c.want != 200 && got != nil) {
				t.Errorf("reply %d with %v, %v, want %d", reply.Status, got, err, c.want)
			}
			if c.want == 405 && reply.Allow != "POST" {
				t.Errorf("allowed is %q", reply.Allow)
			}
		})
	}
}

func TestProviderWithoutReportsHasNoAddress(t *testing.T) {
	t.Setenv("SMS_KEY", "key")
	if _, reply, err := open(t, parsed(t, minimal), nil).Receipts("", report("POST", "/", "{}")); reply.Status != 404 || err == nil {
		t.Errorf("reply %d, %v, want 404", reply.Status, err)
	}
}

func TestLogOfReportsHoldsOnlyStatusWords(t *testing.T) {
	for word, shown := range map[string]bool{"ENROUTE": true, "-12": true, "493021": false, "998901234567": false, "code 493021": false} {
		var log bytes.Buffer
		g := open(t, declared(t, "form.yaml", "http://sms.example"), slog.New(slog.NewTextHandler(&log, nil)))
		_, _, err := g.Receipts(keyOf("tower"), report("POST", "/", "MessageSid=SM1&MessageStatus="+word))
		if err != nil || strings.Contains(log.String(), word) != shown {
			t.Errorf("%q is logged as %q, %v", word, log.String(), err)
		}
	}
}
