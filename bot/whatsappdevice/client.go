//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"
)

// deviceName is what the phone shows in its list of linked devices.
const deviceName = "Otpravka"

// Everything about a client that is set, and why:
//
//   - a logger that keeps nothing, since the library's quotes phone numbers;
//   - it does not reconnect by itself: its pauses have no bound, and the fleet has
//     its own for all connectors;
//   - what comes in is acknowledged only after it was stored here, and what was
//     deciphered is kept until then, or a crash in between would lose it;
//   - the account's history is not fetched.
func (f *Factory) client(keys *store.Device, dial *dialer, log waLog.Logger) *whatsmeow.Client {
	c := whatsmeow.NewClient(keys, log)
	c.EnableAutoReconnect = false
	c.DisableLoginAutoReconnect = true
	c.SynchronousAck = true
	c.EnableDecryptedEventBuffer = true
	c.ManualHistorySyncDownload = true
	c.GetClientPayload = func() *waWa6.ClientPayload { return f.version.announce(keys.GetClientPayload()) }
	road := &http.Client{Transport: dial.transport}
	c.SetPreLoginHTTPClient(road)
	c.SetWebsocketHTTPClient(road)
	c.SetMediaHTTPClient(road)
	return c
}

// named puts our name into the registration of a new device.
func named(p *waWa6.ClientPayload) *waWa6.ClientPayload {
	pairing := p.GetDevicePairingData()
	if pairing == nil {
		return p
	}
	props := proto.Clone(store.DeviceProps).(*waCompanionReg.DeviceProps)
	props.Os = proto.String(deviceName)
	if raw, err := proto.Marshal(props); err == nil {
		pairing.DeviceProps = raw
	}
	return p
}

// dialer makes the connections of one client and sees when something moves on
// them.
type dialer struct {
	transport *http.Transport
	moved     atomic.Int64 // unix ns
}

// dialLimit bounds how long a connection may take to come about.
const dialLimit = 10 * time.Second

func (f *Factory) dialer() *dialer {
	d := new(dialer)
	plain := net.Dialer{Timeout: dialLimit, KeepAlive: 15 * time.Second}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if f.opts.TestServer.Address != "" {
			address = f.opts.TestServer.Address
		}
		conn, err := plain.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &seenConn{conn, &d.moved}, nil
	}
	d.transport = &http.Transport{DialContext: dial, TLSHandshakeTimeout: dialLimit}
	if f.opts.TestServer.Address == "" {
		d.transport.Proxy = http.ProxyFromEnvironment
	} else {
		d.transport.DialTLSContext = dial
	}
	return d
}

// quiet waits until nothing has moved for a moment: what the library is about to
// say, such as that something was stored, gets the time to leave.
func (d *dialer) quiet(ctx context.Context) {
	const moment, look = 60 * time.Millisecond, 10 * time.Millisecond
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for time.Since(time.Unix(0, d.moved.Load())) < moment {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

type seenConn struct {
	net.Conn
	moved *atomic.Int64
}

func (c *seenConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.moved.Store(time.Now().UnixNano())
	return n, err
}

func (c *seenConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.moved.Store(time.Now().UnixNano())
	return n, err
}

// libsignal logs to the standard output, which is not its own.
func init() {
	var none logger.Loggable = silent{}
	logger.Setup(&none)
}

type silent struct{}

func (silent) Debug(string, string)   {}
func (silent) Info(string, string)    {}
func (silent) Warning(string, string) {}
func (silent) Error(string, string)   {}
func (silent) Configure(string)       {}
