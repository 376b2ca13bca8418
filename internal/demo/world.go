package demo

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"otpravka/internal/app"
	"otpravka/internal/app/admin"
	"otpravka/internal/sim/receiversim"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
)

// world is what stands around a server: the chat network, the SMS provider, the
// business's receiver of events, and a directory that is gone afterwards.
type world struct {
	telegram *telegramsim.Server
	bot      *telegramsim.Bot
	whatsapp *whatsApp // nil in the story, and in a build without linked devices
	sms      *smssim.Server
	receiver *receiversim.Server // the business's own receiver of events
	dir      string
}

const (
	botToken = "7000000001:demo-token-of-the-simulated-telegram"
	botName  = "shop_codes_bot"
	timeZone = "Asia/Almaty"
)

// newWorld starts the simulators; the bot is called what the business is. Close
// the world also where an error comes with it.
func newWorld(business string, provider smssim.Options) (*world, error) {
	w := &world{telegram: telegramsim.New(telegramsim.Options{}), sms: smssim.New(provider), receiver: receiversim.New(receiversim.Options{})}
	w.bot = w.telegram.AddBot(botToken, botName, business)
	if _, err := w.telegram.Listen(); err != nil {
		return w, err
	}
	if _, err := w.sms.Listen(); err != nil {
		return w, err
	}
	address, err := w.receiver.Listen()
	if err != nil {
		return w, err
	}
	dir, err := os.MkdirTemp("", "otpravka-demo-")
	if err != nil {
		return w, err
	}
	w.dir = dir
	settings := "webhooks: {allow: [\"" + strings.TrimPrefix(address, "http://") + "\"]}\nsms_providers:\n" + smssim.Declaration(w.sms.URL())
	return w, os.WriteFile(w.config(), []byte(settings), 0o600)
}

func (w *world) config() string   { return filepath.Join(w.dir, "otpravka.yaml") }
func (w *world) database() string { return filepath.Join(w.dir, "data", "otpravka.db") }
func (w *world) keyFile() string  { return filepath.Join(w.dir, "key", "master.key") }

// close ends the simulators. Stop the server first, so that it loses nothing
// to a simulator that is gone.
func (w *world) close() error {
	w.telegram.Close()
	w.sms.Close()
	if w.whatsapp != nil {
		w.whatsapp.Close()
	}
	w.receiver.Close()
	if w.dir == "" {
		return nil
	}
	return os.RemoveAll(w.dir)
}

// makeBusiness makes the business beside the running server, as the operator's
// command does, and returns its live key.
func (w *world) makeBusiness(ctx context.Context, name string, extra func(*otpcore.Settings)) (string, error) {
	settings := otpcore.Settings{
		Countries: []string{"KZ"}, DefaultCountry: "KZ", Locale: "en", Currency: "KZT", TimeZone: timeZone,
	}
	if extra != nil {
		extra(&settings)
	}
	var key string
	err := app.Operate(ctx, app.Config{DatabaseURL: w.database()}, func(op app.Operator) error {
		made, err := op.CreateBusiness(ctx, admin.NewBusiness{Name: name, Settings: settings})
		key = made.LiveKey
		return err
	})
	return key, err
}

// registerBot hands the bot's token to the server and waits until it listens.
func (w *world) registerBot(ctx context.Context, s shop) error {
	if err := s.call(ctx, "POST", "/v1/bots", map[string]any{"kind": "telegram", "token": botToken}, nil); err != nil {
		return err
	}
	return w.bot.WaitPolling(ctx)
}

// registerReceiver has the business's events sent to its receiver, which is told
// the secret that signs them.
func (w *world) registerReceiver(ctx context.Context, s shop) error {
	var made struct{ Secret string }
	err := s.call(ctx, "POST", "/v1/webhooks", map[string]any{"url": w.receiver.URL() + "/hooks"}, &made)
	if err == nil {
		w.receiver.Trust(made.Secret)
	}
	return err
}

// person lets somebody with this phone, and with the app in this language, join
// the simulated Telegram.
func (w *world) person(name, phone, lang string) *telegramsim.User {
	return w.telegram.NewUser(telegramsim.UserOptions{Phone: phone, FirstName: name, LanguageCode: lang})
}
