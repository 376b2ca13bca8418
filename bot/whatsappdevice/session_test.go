//go:build !nowhatsmeow

package whatsappdevice

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"otpravka/otpcore"
)

// TestStopDuringTheHandshake talks to a WhatsApp that takes the connection and
// then says nothing: the library waits for it for 20 s, and the stop must not.
func TestStopDuringTheHandshake(t *testing.T) {
	greeted, stopped := make(chan struct{}), make(chan struct{})
	mute := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return // asked for a page of its site
		}
		_, _, _ = ws.Read(r.Context())
		close(greeted)
		<-stopped
		_ = ws.Write(r.Context(), websocket.MessageBinary, []byte{0, 0, 1, 0xff}) // no answer, but its end
		_, _, _ = ws.Read(r.Context())
	}))
	t.Cleanup(mute.Close)
	d := newDesk(t)
	d.until("pairing")
	d.must(d.stop())
	d.server.Address = strings.TrimPrefix(mute.URL, "http://")
	d.begin()
	d.until("pairing")
	patience := soon(d)
	go func() { _, _ = d.Pair(patience, otpcore.PairRequest{}) }()
	select {
	case <-greeted:
	case <-soon(t).Done():
		t.Fatal("nobody connected")
	}
	began := time.Now()
	d.must(d.stop())
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("the stop took %s", took)
	}
	close(stopped)
}
