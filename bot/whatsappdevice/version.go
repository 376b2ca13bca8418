//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
)

// version is which WhatsApp Web we say that we are. WhatsApp sends versions away
// that are too old, new links and old ones alike; the one that the library was
// made for goes with it.
type version struct {
	latest atomic.Pointer[store.WAVersionContainer] // as WhatsApp names it; nil: not asked yet
}

// announce puts the version into what a client says of itself.
func (v *version) announce(p *waWa6.ClientPayload) *waWa6.ClientPayload {
	p = named(p)
	latest := v.latest.Load()
	if latest == nil {
		return p
	}
	p.UserAgent.AppVersion = latest.ProtoAppVersion()
	if pairing := p.GetDevicePairingData(); pairing != nil {
		hash := latest.Hash()
		pairing.BuildHash = hash[:]
	}
	return p
}

// askLimit bounds the question for the version.
const askLimit = 5 * time.Second

var errNoVersion = errors.New("WhatsApp does not tell its present version")

// ask asks WhatsApp for its present version.
func (f *Factory) ask(ctx context.Context) (*store.WAVersionContainer, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	d := f.dialer()
	defer d.transport.CloseIdleConnections()
	latest, err := whatsmeow.GetLatestVersion(ctx, &http.Client{Transport: d.transport})
	if err != nil {
		return nil, errNoVersion // and not the library's, which may quote a whole page
	}
	return latest, nil
}

// learn asks for the version and reports whether that is news.
func (f *Factory) learn(ctx context.Context) bool {
	latest, err := f.ask(ctx)
	if err != nil {
		f.opts.Log.Debug("version of WhatsApp Web not learned", "error", err)
		return false
	}
	before := f.version.latest.Swap(latest)
	return before == nil || *before != *latest
}

// Age compares the version that this build was made for with WhatsApp's present
// one.
type Age struct {
	Built, Latest string
	Behind        uint32 // revisions
}

// CheckVersion asks WhatsApp for its present version, for somebody who wants to
// know whether this build is too old before they link a phone.
func CheckVersion(ctx context.Context, server TestServer) (Age, error) {
	latest, err := (&Factory{opts: Options{TestServer: server}}).ask(ctx)
	if err != nil {
		return Age{}, err
	}
	built := store.GetWAVersion()
	age := Age{Built: built.String(), Latest: latest.String()}
	if latest[2] > built[2] {
		age.Behind = latest[2] - built[2]
	}
	return age, nil
}
