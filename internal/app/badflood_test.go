package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/app"
)

// idle opens a connection, uses it once and leaves it open.
func (w *world) idle(path string) (net.Conn, *http.Response) {
	w.Helper()
	conn := w.dial()
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	w.must(err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.must(err)
	_, err = io.Copy(io.Discard, res.Body)
	w.must(err)
	return conn, res
}

func TestFloodOfIdleConnections(t *testing.T) {
	t.Parallel()
	const seats, flood = 20, 200
	w := newWorld(t, func(cfg *app.Config) { cfg.Limits.Conns = seats })
	shop := w.business("Shop")
	var conns []net.Conn
	for range flood {
		conn, res := w.idle("/healthz")
		if res.StatusCode != http.StatusOK {
			t.Fatalf("row 52: %s", res.Status)
		}
		conns = append(conns, conn)
	}
	for i, conn := range conns[:flood-seats] { // the oldest were shed
		if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Errorf("row 52: connection %d is still open", i)
		}
	}
	if v := shop.begin(fields{"phone": goodPhone}); v.ID == "" {
		t.Error("row 52: a start was kept out")
	}
}

func TestFloodOfHTTP2Frames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	// A stream that is opened and reset at once, ten thousand times; then
	// headers that never end.
	resets := strings.Repeat("\x00\x00\x01\x01\x04\x00\x00\x00\x01\x82\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08", 10_000)
	headers := "\x00\x00\x01\x01\x00\x00\x00\x00\x01\x82" + strings.Repeat("\x00\x00\x01\x09\x00\x00\x00\x00\x01\x82", 10_000)
	for name, frames := range map[string]string{"resets": resets, "headers": headers} {
		said := w.wire("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00" + frames)
		if strings.Count(said, "HTTP/1.1 ") > 1 || strings.Contains(said, "\x00") {
			t.Errorf("row 51, %s: %.100q", name, said)
		}
	}
	if v := shop.begin(fields{"phone": goodPhone}); v.ID == "" {
		t.Error("row 51: a start was kept out")
	}
}

func TestSQLTextIsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wide)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	neighbour.begin(fields{"phone": goodPhone})
	texts := []string{"' OR 1=1 --", "%", "_", `"; DROP TABLE verifications; --`, `\'`, "vrf_%", "$1", "?1", ":id", "NULL"}
	for _, text := range texts {
		v := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}, "order_id": text, "metadata": fields{"note": text}})
		var shown struct {
			OrderID  string            `json:"order_id"`
			Metadata map[string]string `json:"metadata"`
		}
		shop.ask("GET", "/v1/verifications/"+v.ID, nil).into(shop, http.StatusOK, &shown)
		if shown.OrderID != text || shown.Metadata["note"] != text {
			t.Errorf("row 54: %q came back as %+v", text, shown)
		}
		shop.cancel(v.ID)
		var made struct{ Name string }
		shop.ask("POST", "/v1/keys", fields{"name": text, "scopes": []string{"check"}}).into(shop, http.StatusCreated, &made)
		if made.Name != text {
			t.Errorf("row 54: the name %q came back as %q", text, made.Name)
		}
		if a := shop.ask("GET", "/v1/verifications/"+strings.NewReplacer(" ", "%20", `"`, "%22", "%", "%25").Replace(text), nil); a.status != 404 && a.status != 400 {
			t.Errorf("row 54: %q as an id: %d %s", text, a.status, a.body)
		}
		if a := shop.ask("POST", "/v1/verifications/search", fields{"phone": text}); a.status != 422 {
			t.Errorf("row 54: %q as a phone: %d %s", text, a.status, a.body)
		}
	}
	for _, query := range []string{"sort=id%3B%20DROP%20TABLE%20api_keys", "order=name%20DESC", "filter=1%3D1", "name=%25", "limit=1%20OR%201%3D1"} {
		if a := shop.ask("GET", "/v1/keys?"+query, nil); a.status != 400 {
			t.Errorf("row 54: %s: %d %s", query, a.status, a.body)
		}
	}
	var page struct{ Items []verification }
	shop.ask("POST", "/v1/verifications/search", fields{"phone": goodPhone, "limit": 100}).into(shop, http.StatusOK, &page)
	if len(page.Items) != len(texts) {
		t.Errorf("row 54: the search finds %d verifications, want the %d of this business", len(page.Items), len(texts))
	}
}
