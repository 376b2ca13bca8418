//go:build !nowhatsmeow

package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"otpravka/bot/whatsappdevice"
	"otpravka/otpcore"
	"otpravka/storage"
)

// devices are what linked devices of WhatsApp need beside the fleet.
type devices struct {
	*whatsappdevice.Factory
	keys *whatsappdevice.Keys
}

// newDevices makes what connects linked devices. Their keys lie beside the
// database, in a file of their own, or in a schema of it.
func newDevices(cfg Config, vault otpcore.Vault, core *otpcore.Core) (*devices, error) {
	server, err := whatsappdevice.ParseTestServer(cfg.WhatsAppTestServer)
	if err != nil {
		return nil, err
	}
	if server.Address != "" {
		cfg.Log.Warn("WHATSAPP IS A TEST SERVER: linked devices talk to a simulator in plain TCP, and no message reaches anybody", "address", server.Address)
	}
	keys, err := deviceKeys(cfg.DatabaseURL)
	if err != nil {
		return nil, err
	}
	return &devices{keys: keys, Factory: whatsappdevice.NewFactory(whatsappdevice.Options{
		Keys: keys, Vault: vault, Receipts: core.Receipts.Accept, TestServer: server, Log: cfg.Log, Pace: cfg.WhatsAppPace,
	})}, nil
}

func deviceKeys(url string) (*whatsappdevice.Keys, error) {
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return whatsappdevice.InPostgres(url), nil
	}
	path, err := storage.Name(url)
	if err != nil {
		return nil, err
	}
	return whatsappdevice.InFile(strings.TrimSuffix(path, ".db") + "-whatsapp.db"), nil
}

// close closes the keys, once no device is connected any more.
func (d *devices) close() error {
	if d == nil {
		return nil
	}
	return d.keys.Close()
}

// checkTestServer refuses a test server that cannot be meant.
func checkTestServer(text string) error {
	if _, err := whatsappdevice.ParseTestServer(text); err != nil {
		return errors.New("OTPRAVKA_WHATSAPP_TEST_SERVER must be host:port,key with the 64 hexadecimal digits of the simulator's root key")
	}
	return nil
}

// staleAfter is how many revisions of WhatsApp Web a build may be behind before
// doctor warns: WhatsApp counts some million a month and refuses what is a few
// months old.
const staleAfter = 8_000_000

// devices tells whether WhatsApp still accepts what this build says that it is,
// before somebody scans a code in vain. It asks WhatsApp only where a device is
// registered.
func (e *examination) devices(ctx context.Context) []Finding {
	if e.found == nil {
		return nil
	}
	registered := false
	for _, b := range e.found.Bots {
		registered = registered || b.Kind == otpcore.BotWhatsAppDevice
	}
	if !registered {
		return nil
	}
	server, err := whatsappdevice.ParseTestServer(e.cfg.WhatsAppTestServer)
	if err != nil {
		return nil // the settings say so
	}
	if server.Address != "" {
		return append(line(Warn, "a test server at %s stands in for WhatsApp: unset OTPRAVKA_WHATSAPP_TEST_SERVER", server.Address), e.age(ctx, server)...)
	}
	return e.age(ctx, server)
}

func (e *examination) age(ctx context.Context, server whatsappdevice.TestServer) []Finding {
	ctx, cancel := context.WithTimeout(ctx, 6*time.Second)
	defer cancel()
	age, err := whatsappdevice.CheckVersion(ctx, server)
	switch {
	case err != nil:
		return line(Warn, "WhatsApp could not be asked for its present version, so whether it accepts this build is not known: %v", err)
	case age.Behind > staleAfter:
		return line(Warn, "this build was made for WhatsApp Web %s and the present one is %s: update Otpravka before a phone is linked, WhatsApp refuses old ones", age.Built, age.Latest)
	}
	return line(OK, "this build speaks WhatsApp Web %s, and the present one is %s", age.Built, age.Latest)
}
