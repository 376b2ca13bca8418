package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"otpravka/internal/app"
	"otpravka/internal/app/admin"
	"otpravka/otpcore"
	"otpravka/storage"
)

// site is what a scenario measures: an API, and where the bench runs it itself,
// the server behind it and the provider beside it.
type site struct {
	target
	server   *server   // nil: somebody else's
	provider *provider // nil: codes come from the test key's answers
	telegram *telegram // nil: a site without bots
	phones   atomic.Int64
	inboxes  sync.Map // of phones that a customer waits for, each a chan code

	dir      string
	database string // its URL
	file     string // where it is SQLite
}

// open finds the API of the options, or runs one in a directory that is gone
// afterwards. Telegram has as many bots, which wait to be registered. Close the
// site also where an error comes with it.
func (o Options) open(ctx context.Context, bots int) (*site, error) {
	s := &site{}
	var err error
	if o.URL != "" {
		s.target, err = newTarget(o.URL, o.Key)
		return s, err
	}
	if s.dir, err = os.MkdirTemp("", "otpravka-bench-"); err != nil {
		return s, err
	}
	if s.provider, err = newProvider(); err != nil {
		return s, err
	}
	s.provider.onLetter(s.hand)
	if err = s.placeDatabase(o); err != nil {
		return s, err
	}
	if err = os.WriteFile(s.config(), []byte(s.provider.declaration()), 0o600); err != nil {
		return s, err
	}
	args := []string{"--database-url", s.database, "--master-key-file", s.keyFile(), "--config", s.config()}
	if bots > 0 {
		if s.telegram, err = newTelegram(bots); err != nil {
			return s, err
		}
		args = append(args, "--telegram-api", s.telegram.URL())
	}
	if o.FsyncDelay > 0 {
		args = append(args, "--fsync-delay", o.FsyncDelay.String())
	}
	if o.CPUProfile != "" {
		args = append(args, "--cpu-profile", o.CPUProfile)
	}
	if s.server, err = newServer(s.dir, args...); err != nil {
		return s, err
	}
	if err = s.server.start(ctx); err != nil {
		return s, err
	}
	if err = s.makeBusiness(ctx); err != nil {
		return s, err
	}
	s.target, err = newTarget("http://"+s.server.addr, s.key)
	return s, err
}

func (s *site) config() string  { return filepath.Join(s.dir, "otpravka.yaml") }
func (s *site) keyFile() string { return filepath.Join(s.dir, "key", "master.key") }

// placeDatabase decides where the database lies. A file that is there already
// might be somebody's real one.
func (s *site) placeDatabase(o Options) error {
	s.database, s.file = o.Database, o.databaseFile()
	if o.Database == "" {
		s.file = filepath.Join(s.dir, "otpravka.db")
		s.database = s.file
	}
	if s.file == "" {
		return nil
	}
	if _, err := os.Stat(s.file); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--database names %s, which is there already: name a new file, which the bench makes and leaves", s.file)
	}
	return nil
}

// databaseFile is the file that --database names, empty for none. What is no
// address of a database is left to the server, which says what to write.
func (o Options) databaseFile() string {
	if o.Database == "" {
		return ""
	}
	path, _ := storage.Location(o.Database)
	return path
}

// makeBusiness makes the business as the operator's command does, and keeps
// its live key.
func (s *site) makeBusiness(ctx context.Context) error {
	cfg := app.Config{
		DatabaseURL: s.database, MasterKeyFile: s.keyFile(), TelegramAPI: app.DefaultTelegramAPI,
		Rules: otpcore.DefaultRules(), Log: slog.New(slog.DiscardHandler),
	}
	return app.Operate(ctx, cfg, func(op app.Operator) error {
		made, err := op.CreateBusiness(ctx, admin.NewBusiness{
			Name: "Bench", Settings: otpcore.Settings{Countries: []string{"KZ"}, DefaultCountry: "KZ", Locale: "en"},
		})
		s.key = made.LiveKey
		return err
	})
}

// hand gives the code to the customer who waits for it.
func (s *site) hand(l letter) {
	if inbox, waits := s.inboxes.LoadAndDelete(l.phone); waits {
		inbox.(chan code) <- l.code // has room: there is one letter for each wait
	}
}

// nextPhone returns the n of a phone that nobody used yet.
func (s *site) nextPhone() int { return int(s.phones.Add(1)) }

// close ends what the bench has started, the server first, so that it loses no
// message to a provider that is gone. It tells of messages that the provider
// did not understand: figures that come with such an error mean nothing.
func (s *site) close() error {
	var errs []error
	if s.server != nil {
		errs = append(errs, s.server.stop())
	}
	if s.telegram != nil {
		s.telegram.Close()
	}
	if s.provider != nil {
		errs = append(errs, s.provider.err())
		s.provider.close()
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}
