package webhook_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"otpravka/internal/keyring"
	"otpravka/internal/metrics"
	"otpravka/internal/phone"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage"
	"otpravka/templates"
	"otpravka/webhook"
	"otpravka/webhook/api"
)

// BenchmarkStart and BenchmarkCheck are the two calls that a login costs, from the
// bytes of the request to those of the answer, over one connection and a real
// file. Nothing is sent. Allocations are those of the whole process, the writer
// of the database included.
func BenchmarkStart(b *testing.B) {
	line := callOn(b)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		line.start(i)
	}
}

func BenchmarkCheck(b *testing.B) {
	line := callOn(b)
	ids := make([]string, b.N)
	for i := range ids {
		ids[i] = line.start(i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, id := range ids {
		line.ask("/v1/verifications/"+id+"/check", "200", `{"code": "000000"}`)
	}
}

// line is a connection of a business. It asks and reads as simply as can be, so
// that what is measured is the server.
type line struct {
	testing.TB
	net.Conn
	from *bufio.Reader
	key  string
	out  bytes.Buffer
	body []byte
}

// callOn opens a line to a server over the real domain.
func callOn(b *testing.B) *line {
	b.Helper()
	boot := otpcore.NewID(otpcore.PrefixBoot, time.Now())
	db, err := storage.Open(b.Context(), storage.Config{URL: filepath.Join(b.TempDir(), "bench.db"), Boot: boot})
	must(b, err)
	b.Cleanup(func() { _ = db.Close() })
	texts, err := templates.New()
	must(b, err)
	ring, err := keyring.LoadOrCreate(filepath.Join(b.TempDir(), "master.key"))
	must(b, err)
	log, counted := slog.New(slog.NewJSONHandler(io.Discard, nil)), metrics.New(slog.New(slog.DiscardHandler))
	core := otpcore.New(otpcore.Config{
		Ledger: db, Reader: db, Vault: ring, Carriers: coretest.NewCarriers(), Renderer: texts, Phones: phone.Parser{},
		Rules: otpcore.DefaultRules(), Boot: boot, Logger: log, Checked: counted.Checked,
	})
	shop, err := core.Businesses.Create(b.Context(), "Shop", otpcore.Settings{Countries: []string{"KZ"}})
	must(b, err)
	surface, err := api.New(api.NewHandlers(api.Services{Verifications: core.Verifications, Vault: ring}), core.Businesses, 1_000_000)
	must(b, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	ctx, stop := context.WithCancel(b.Context())
	served := make(chan error, 1)
	server := webhook.New(webhook.Config{Log: log, Answered: counted.Answered}, surface)
	go func() { served <- server.Serve(ctx, ln) }()
	conn, err := net.Dial("tcp", ln.Addr().String())
	must(b, err)
	b.Cleanup(func() {
		_ = conn.Close()
		stop()
		must(b, <-served)
	})
	return &line{TB: b, Conn: conn, from: bufio.NewReader(conn), key: shop.Live.Reveal()}
}

// start asks for a code and returns the id of its verification.
func (l *line) start(i int) string {
	_, after, _ := bytes.Cut(l.ask("/v1/verifications", "201", fmt.Sprintf(`{"phone": "+7701%07d"}`, i)), []byte(`"id":"`))
	id, _, _ := bytes.Cut(after, []byte(`"`))
	return string(id)
}

// ask returns the body of the answer, which is valid until the next one.
func (l *line) ask(path, status, body string) []byte {
	l.out.Reset()
	fmt.Fprintf(&l.out, "POST %s HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, l.key, len(body), body)
	_, err := l.out.WriteTo(l)
	must(l, err)
	length := 0
	for first := true; ; first = false {
		text, err := l.from.ReadSlice('\n')
		must(l, err)
		if first && string(text[9:12]) != status {
			l.Fatalf("the answer is %s", text)
		}
		if size, ok := bytes.CutPrefix(text, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(size)))
		}
		if len(text) == 2 {
			break
		}
	}
	l.body = append(l.body[:0], make([]byte, length)...)
	_, err = io.ReadFull(l.from, l.body)
	must(l, err)
	return l.body
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
