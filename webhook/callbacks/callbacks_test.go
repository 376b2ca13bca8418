package callbacks_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"otpravka/otpcore"
	"otpravka/sms"
	"otpravka/webhook"
	"otpravka/webhook/callbacks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const declaration = `sms_providers:
  - id: %
    number_format: e164
    request:
      method: POST
      url: "https://sms.example/send"
      body: {type: json, fields: {to: "{{to}}", text: "{{text}}"}}
    success: {http: [200-299]}
    message_id: "$.id"
    dlr:
      accept: [POST]
      parse: json
      each: "$.reports"
      id: "$.id"
      status: "$.status"
      map: {delivered: [ok], failed: [bad]}
      verify: {type: url_secret}
      reply: {status: 202, body: "taken"}
`

// secret is the key in the address of the provider named "steppe".
const secret = "0123456789abcdefghijkl"

// gateway lets the room ask the real reader of reports.
type gateway struct{ *sms.Gateway }

func (g gateway) Receipts(key string, r *http.Request) ([]otpcore.Receipt, callbacks.Reply, error) {
	receipts, reply, err := g.Gateway.Receipts(key, r)
	return receipts, callbacks.Reply(reply), err
}

// office stores what the room hands over, or fails to.
type office struct {
	mu       sync.Mutex
	trouble  error
	receipts []otpcore.Receipt
}

func (o *office) Accept(_ context.Context, receipts []otpcore.Receipt) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.trouble == nil {
		o.receipts = append(o.receipts, receipts...)
	}
	return o.trouble
}

func (o *office) stored() []otpcore.Receipt {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.receipts
}

// room is the callbacks room on a socket of its own.
type room struct {
	testing.TB
	office office
	url    string
	log    bytes.Buffer // read it after stop
	stop   func()
}

func open(t testing.TB) *room {
	t.Helper()
	r := &room{TB: t}
	log := slog.New(slog.NewTextHandler(&r.log, nil))
	configs, err := sms.Parse([]byte(strings.Replace(declaration, "%", "steppe", 1)))
	r.must(err)
	g, err := sms.New(configs, sms.Options{
		Logger:      log,
		CallbackKey: func(string) string { return secret },
		CallbackURL: func(key string) string { return "https://otp.example/callbacks/sms/" + key },
	})
	r.must(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	r.url = "http://" + ln.Addr().String() + "/callbacks/sms/"
	server := webhook.New(webhook.Config{Log: log}, callbacks.New(callbacks.Config{SMS: gateway{g}, Receipts: &r.office, Log: log}))
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, ln) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		r.must(<-served)
		g.Close()
	})
	t.Cleanup(r.stop)
	return r
}

func (r *room) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// post sends a report and returns the answer with its body.
func (r *room) post(method, key, body string) (*http.Response, string) {
	r.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, r.url+key, strings.NewReader(body))
	r.must(err)
	req.Close = true
	// A refused report is not read to its end. Whoever sends it anyway may find
	// the connection closed before the answer.
	req.Header.Set("Expect", "100-continue")
	res, err := http.DefaultClient.Do(req)
	r.must(err)
	said, err := io.ReadAll(res.Body)
	r.must(errors.Join(err, res.Body.Close()))
	return res, string(said)
}

func TestReportsAreStoredBeforeTheAnswer(t *testing.T) {
	r := open(t)
	res, said := r.post("POST", secret, `{"reports":[{"id":"m1","status":"ok"},{"id":"m2","status":"bad"},{"id":"m3","status":"who knows"}]}`)
	if res.StatusCode != http.StatusAccepted || said != "taken" {
		t.Errorf("answered %d %q, the provider wants 202 taken", res.StatusCode, said)
	}
	got := r.office.stored()
	if len(got) != 2 || got[0].MessageID != "m1" || got[0].Status != otpcore.Delivered || got[1].Status != otpcore.FailedDlv || got[0].Provider != "steppe" {
		t.Errorf("stored %+v", got)
	}
}

func TestReportsThatCannotBeStoredAreAskedForAgain(t *testing.T) {
	r := open(t)
	r.office.trouble = otpcore.Unavailable(errors.New("disk full"))
	res, said := r.post("POST", secret, `{"reports":[{"id":"m1","status":"ok"}]}`)
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || strings.Contains(said, "taken") {
		t.Errorf("answered %d %q", res.StatusCode, said)
	}
}

func TestRefusedReports(t *testing.T) {
	r := open(t)
	good := `{"reports":[{"id":"m1","status":"ok"}]}`
	for _, tt := range []struct {
		name, method, key, body string
		status                  int
		allow                   string
	}{
		{"wrong key", "POST", secret[:len(secret)-1] + "x", good, 404, ""},
		{"part of the key", "POST", secret[:10], good, 404, ""},
		{"no key", "POST", "", good, 404, ""},
		{"a path behind the key", "POST", secret + "/x", good, 404, ""},
		{"another method", "GET", secret, "", 405, "POST"},
		{"another method without a key", "GET", "nobody", "", 404, ""},
		{"no JSON", "POST", secret, "id=m1", 400, ""},
		{"no report in it", "POST", secret, `{"reports":5}`, 202, ""},
		{"too large", "POST", secret, `{"x":"` + strings.Repeat("x", 300<<10) + `"}`, 413, ""},
		{"too many", "POST", secret, `{"reports":[` + strings.Repeat(`{"id":"m"},`, 1001) + `{}]}`, 400, ""},
	} {
		res, said := r.post(tt.method, tt.key, tt.body)
		if res.StatusCode != tt.status || res.Header.Get("Allow") != tt.allow {
			t.Errorf("%s: %d %q, Allow %q, want %d %q", tt.name, res.StatusCode, said, res.Header.Get("Allow"), tt.status, tt.allow)
		}
		if strings.Contains(said, secret) || strings.Contains(said, "steppe") {
			t.Errorf("%s: the answer tells too much: %s", tt.name, said)
		}
	}
	if got := r.office.stored(); len(got) != 0 {
		t.Errorf("stored %+v", got)
	}
	r.stop()
	if log := r.log.String(); strings.Contains(log, secret) || strings.Contains(log, secret[:10]) {
		t.Errorf("a key is in the log:\n%s", log)
	}
}
