package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/app/admin"
	"otpravka/otpcore"
	"otpravka/sms"
)

// The benchmarks measure the whole product over HTTP: SQLite with
// synchronous=FULL, and every message really posted to a provider on loopback.
// Client, provider and server share the machine. Of the limits only the calls
// per second of a key are lifted; each code goes to a phone of its own.

// BenchmarkStart asks for codes; their messages leave meanwhile.
func BenchmarkStart(b *testing.B) {
	eachWidth(b, func(c *customer) error {
		_, err := c.start()
		return err
	})
}

// BenchmarkCheck offers wrong codes, four to each verification. Every fifth
// call is the start of the next one, and is not counted.
func BenchmarkCheck(b *testing.B) {
	eachWidth(b, func(c *customer) error {
		if c.guesses == 0 {
			id, err := c.start()
			if err != nil {
				return err
			}
			c.id, c.guesses = id, 4
		}
		c.guesses--
		_, err := c.check(c.id, "000000")
		return err
	})
}

// BenchmarkCycle is what a user does: a start, one posted message, and a check
// of the code that it holds.
func BenchmarkCycle(b *testing.B) {
	eachWidth(b, func(c *customer) error {
		id, err := c.start()
		if err != nil {
			return err
		}
		approved, err := c.check(id, <-c.shop.inbox(c.phone))
		if err == nil && !approved {
			err = errors.New("the right code was refused")
		}
		return err
	})
}

// customer is one connection with one request under way at a time.
type customer struct {
	shop    *benchShop
	phone   string // of the last start
	id      string
	guesses int
}

func (c *customer) start() (string, error) {
	c.phone = fmt.Sprintf("+7701%07d", c.shop.phones.Add(1))
	var v struct{ ID string }
	return v.ID, c.shop.post("/v1/verifications", map[string]any{"phone": c.phone}, &v)
}

func (c *customer) check(id, code string) (bool, error) {
	var r struct{ Valid bool }
	err := c.shop.post("/v1/verifications/"+id+"/check", map[string]any{"code": code}, &r)
	return r.Valid, err
}

// eachWidth runs the act at 1, 8 and 64 connections.
func eachWidth(b *testing.B, act func(*customer) error) {
	for _, width := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("connections=%d", width), func(b *testing.B) {
			shop := newBenchShop(b, width)
			var (
				done    atomic.Int64
				workers sync.WaitGroup
			)
			b.ResetTimer()
			for range width {
				workers.Go(func() {
					c := &customer{shop: shop}
					for done.Add(1) <= int64(b.N) {
						if err := act(c); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			workers.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
		})
	}
}

// benchShop is a running server with one business.
type benchShop struct {
	url, key string
	client   *http.Client
	phones   atomic.Int64
	inboxes  sync.Map // of phones, each a chan string that gets its code
}

func (s *benchShop) inbox(phone string) chan string {
	box, _ := s.inboxes.LoadOrStore(phone, make(chan string, 1))
	return box.(chan string)
}

var benchCode = regexp.MustCompile(`[0-9]{6}`)

// ServeHTTP is the provider. The simulator would wake every waiting customer
// for each message, which costs more than the message does.
func (s *benchShop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct{ To, Text string }
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = io.WriteString(w, `{"id":"`+m.To+`"}`)
	s.inbox(m.To) <- benchCode.FindString(m.Text)
}

func newBenchShop(b *testing.B, width int) *benchShop {
	b.Helper()
	shop := &benchShop{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: width, MaxConnsPerHost: width}}}
	provider := httptest.NewServer(shop)
	b.Cleanup(provider.Close)
	providers, err := sms.Parse([]byte(`sms_providers:
  - id: bench
    number_format: e164
    request: {method: POST, url: "` + provider.URL + `/send", body: {type: json, fields: {to: "{{to}}", text: "{{text}}"}}}
    success: {http: [200-299]}
    message_id: "$.id"
`))
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	ready := make(chan string, 1)
	cfg := app.Config{
		Listen: "127.0.0.1:0", DatabaseURL: filepath.Join(dir, "otpravka.db"), MasterKeyFile: filepath.Join(dir, "key", "master.key"),
		TelegramAPI: app.DefaultTelegramAPI, SMS: providers, Rules: otpcore.DefaultRules(), CallsPerSecond: 1_000_000,
		Log: slog.New(slog.DiscardHandler), Ready: func(url string) { ready <- url },
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, cfg) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	select {
	case shop.url = <-ready:
	case err := <-ended:
		b.Fatal(err)
	}
	if err := app.Operate(ctx, cfg, func(op app.Operator) error {
		made, err := op.CreateBusiness(ctx, admin.NewBusiness{
			Name: "Bench", Settings: otpcore.Settings{Countries: []string{"KZ"}, Route: []otpcore.Channel{otpcore.SMS}},
		})
		shop.key = made.LiveKey
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return shop
}

func (s *benchShop) post(path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		refusal, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s answered %s: %s", path, res.Status, refusal)
	}
	return json.NewDecoder(res.Body).Decode(out)
}
