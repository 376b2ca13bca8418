//go:build !nowhatsmeow

package whatsappsim_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	_ "modernc.org/sqlite"

	"otpravka/internal/sim/whatsappsim"
)

// wa is the one WhatsApp of this process: the root key that clients trust is
// global. Tests keep apart by numbers of their own.
var (
	wa      *whatsappsim.Server
	address string
	numbers atomic.Int64
)

// world closes the simulator after the tests, before goroutines are counted.
type world struct{ m *testing.M }

func (w world) Run() int {
	defer wa.Close()
	return w.m.Run()
}

func TestMain(m *testing.M) {
	wa = whatsappsim.New(whatsappsim.Options{FewKeys: true})
	var err error
	if address, err = wa.Listen(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	whatsmeow.WACertPubKey = wa.RootKey()
	// The library's reader stays behind for ever where a frame comes in while the
	// client disconnects: nobody takes the frame any more.
	goleak.VerifyTestMain(world{m}, goleak.IgnoreTopFunction("go.mau.fi/whatsmeow/socket.(*FrameSocket).frameComplete"))
}

// soon bounds a wait; the race detector makes keys slow.
func soon(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

func newPhone(name string, change ...func(*whatsappsim.PhoneOptions)) *whatsappsim.Phone {
	opts := whatsappsim.PhoneOptions{Number: fmt.Sprintf("+7701%07d", numbers.Add(1)), Name: name}
	for _, c := range change {
		c(&opts)
	}
	return wa.NewPhone(opts)
}

// desk is a real client with its own database, and what it has told.
type desk struct {
	*whatsmeow.Client
	tb    testing.TB
	path  string
	owner *whatsappsim.Phone // of the account, once linked
	heard chan any
}

// newDesk makes a client that is not linked yet.
func newDesk(tb testing.TB) *desk {
	tb.Helper()
	return openDesk(tb, filepath.Join(tb.TempDir(), "device.db"))
}

// openDesk makes a client over a database, linked or not.
func openDesk(tb testing.TB, path string) *desk {
	tb.Helper()
	// Transactions lock at once: one that reads first and then finds another
	// writer ahead fails as busy without waiting, and the client loses a message.
	container, err := sqlstore.New(tb.Context(), "sqlite",
		"file:"+path+"?_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_txlock=immediate", nil)
	if err != nil {
		tb.Fatal(err)
	}
	stored, err := container.GetFirstDevice(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	d := newClient(tb, stored)
	d.path = path
	if stored.ID != nil {
		d.owner, _ = wa.Phone(stored.ID.User)
	}
	tb.Cleanup(func() {
		d.settle()
		d.Disconnect()
		_ = container.Close()
	})
	return d
}

func newClient(tb testing.TB, stored *store.Device) *desk {
	d := &desk{Client: whatsmeow.NewClient(stored, nil), tb: tb, heard: make(chan any, 1024)}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, address)
	}
	road := &http.Client{Transport: &http.Transport{DialContext: dial, DialTLSContext: dial}}
	d.SetPreLoginHTTPClient(road)
	d.SetWebsocketHTTPClient(road)
	d.SetMediaHTTPClient(road)
	d.SynchronousAck = true
	d.EnableDecryptedEventBuffer = true
	d.AddEventHandler(func(event any) { d.heard <- event })
	return d
}

// newLinked makes a client linked to the phone, by QR code, and online.
func newLinked(tb testing.TB, owner *whatsappsim.Phone) *desk {
	tb.Helper()
	d := newDesk(tb)
	d.connect()
	if err := owner.Scan(soon(tb), wait[*events.QR](d).Codes[0]); err != nil {
		tb.Fatal(err)
	}
	wait[*events.Connected](d)
	d.owner = owner
	return d
}

// settle waits until the client has nothing left to say. The library looks at
// its connection without a lock when it sends, so ending the connection at that
// moment is a race of its own making.
func (d *desk) settle() {
	if d.owner == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := d.owner.WaitSettled(ctx); err != nil {
		d.tb.Errorf("the client acknowledges no more: %v", err)
	}
}

func (d *desk) connect() {
	d.tb.Helper()
	if err := d.Connect(); err != nil {
		d.tb.Fatal(err)
	}
}

// wait returns the next event of a kind and skips all others.
func wait[T any](d *desk) T {
	d.tb.Helper()
	return waitFor(d, func(T) bool { return true })
}

func waitFor[T any](d *desk, fits func(T) bool) T {
	d.tb.Helper()
	ctx := soon(d.tb)
	for {
		select {
		case event := <-d.heard:
			if found, ok := event.(T); ok && fits(found) {
				return found
			}
		case <-ctx.Done():
			var none T
			d.tb.Fatalf("no %T came", none)
		}
	}
}

// receipt waits for a word about a message.
func (d *desk) receipt(id string, kind types.ReceiptType) {
	d.tb.Helper()
	waitFor(d, func(r *events.Receipt) bool { return r.Type == kind && r.MessageIDs[0] == id })
}

func jid(p *whatsappsim.Phone) types.JID { return types.NewJID(p.Number(), types.DefaultUserServer) }

func words(text string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(text)} }

// say sends a text that has to be accepted and returns its id.
func (d *desk) say(to *whatsappsim.Phone, text string) string {
	d.tb.Helper()
	sent, err := d.SendMessage(soon(d.tb), jid(to), words(text))
	if err != nil {
		d.tb.Fatal(err)
	}
	return sent.ID
}

// shows waits until the phone shows a text.
func shows(tb testing.TB, p *whatsappsim.Phone, text string) whatsappsim.Message {
	tb.Helper()
	m, err := p.WaitMessage(soon(tb), func(m whatsappsim.Message) bool { return m.Text == text })
	if err != nil {
		tb.Fatalf("%s never showed %q: %v", p, text, err)
	}
	return m
}

// write lets a phone write to another.
func write(tb testing.TB, from, to *whatsappsim.Phone, text string) string {
	tb.Helper()
	id, err := from.Write(to, text)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}
