package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"otpravka/bot/telegram"
	"otpravka/internal/app/admin"
	"otpravka/internal/keyring"
	"otpravka/otpcore"
	"otpravka/storage"
)

// Grade tells how bad a finding is.
type Grade string

// The grades.
const (
	OK   Grade = "ok"
	Warn Grade = "warn" // works, though perhaps not as meant
	Fail Grade = "FAIL" // does not work until somebody does something
)

// Finding is one line of an examination.
type Finding struct {
	Grade   Grade
	Subject string
	Text    string // one sentence: what is so, and what to do where it is not good
}

// Examine looks at everything that a run with these settings depends on and
// changes nothing. It works beside a running server and without one. The file
// is the YAML file, empty for none; what it declares is read from it.
func Examine(ctx context.Context, cfg Config, file string) []Finding {
	cfg.Log = slog.New(slog.DiscardHandler)
	e := &examination{cfg: cfg, file: file}
	var all []Finding
	for _, look := range []struct {
		subject string
		at      func(context.Context) []Finding
	}{
		{"settings", e.settings},
		{"variables", e.variables},
		{"database", e.database},
		{"master key", e.key},
		{"clock", e.clock},
		{"server", e.server},
		{"metrics", e.metrics},
		{"public URL", e.publicURL},
		{"proxies", e.proxies},
		{"bots", e.bots},
		{"updates", e.updates},
		{"whatsapp", e.clouds},
		{"whatsapp", e.devices},
		{"sms", e.sms},
		{"endpoints", e.endpoints},
	} {
		for _, f := range look.at(ctx) {
			f.Subject = look.subject
			all = append(all, f)
		}
	}
	return all
}

// examination is what one look learns for those after it.
type examination struct {
	cfg     Config
	file    string
	name    string              // of the database; empty: the setting is wrong
	found   *storage.Inspection // nil: no database, or none that can be read
	ring    *keyring.Ring       // nil: no key, or not the right one
	baseURL string              // empty: the settings are wrong
	// declared tells that the YAML file is read, or that none is named.
	declared bool
	running  bool
}

func line(g Grade, format string, args ...any) []Finding {
	return []Finding{{Grade: g, Text: fmt.Sprintf(format, args...)}}
}

func (e *examination) settings(context.Context) []Finding {
	if err := e.cfg.check(); err != nil {
		return line(Fail, "%v", err)
	}
	addr, err := net.ResolveTCPAddr("tcp", e.cfg.Listen)
	if err != nil {
		return line(Fail, "OTPRAVKA_LISTEN must be an address like :8080: %v", err)
	}
	if addr.IP == nil {
		addr.IP = net.IPv4zero
	}
	e.baseURL = baseURL(e.cfg, addr)
	if e.file == "" {
		e.declared = true
		return line(OK, "no YAML file is named, and none is needed without SMS")
	}
	file, err := ReadFile(e.file)
	if err != nil {
		return line(Fail, "%v", err)
	}
	e.cfg.Take(file)
	e.declared = true
	return line(OK, "%s is read", e.file)
}

func (e *examination) database(ctx context.Context) []Finding {
	name, err := storage.Name(e.cfg.DatabaseURL)
	if err == nil {
		err = storage.CheckWritable(e.cfg.DatabaseURL)
	}
	if err != nil {
		return line(Fail, "%v", err)
	}
	e.name = name
	found, err := storage.Inspect(ctx, e.cfg.DatabaseURL)
	switch {
	case errors.Is(err, storage.ErrNone):
		return line(OK, "none yet: the first start makes what is missing in %s", name)
	case err != nil:
		return line(Fail, "%v", err)
	}
	e.found = &found
	if found.Closed != nil {
		return line(Fail, "%v", found.Closed)
	}
	if storage.IsPostgres(e.cfg.DatabaseURL) {
		return line(OK, "%s can be read (whether the role may write is not tried)", name)
	}
	return line(OK, "%s can be read and written", name)
}

func (e *examination) key(context.Context) []Finding {
	bound := ""
	if e.found != nil {
		bound = e.found.KeyCheck
	}
	file, err := keyFile(e.cfg)
	if err != nil && e.cfg.MasterKey == "" {
		return line(Fail, "%v", err)
	}
	ring, err := readKey(e.cfg)
	switch {
	case errors.Is(err, fs.ErrNotExist) && bound == "":
		return line(OK, "none yet: the first start makes %s", file)
	case errors.Is(err, fs.ErrNotExist):
		return line(Fail, "the database has a key and its file is gone: put %s back from your copy", file)
	case err != nil:
		return line(Fail, "%v", err)
	}
	if bound != "" {
		if err := ring.Matches(bound); err != nil {
			return line(Fail, "%v", err)
		}
	}
	e.ring = ring
	switch {
	case e.cfg.MasterKey != "":
		return line(OK, "taken from %s", keyring.EnvVar)
	case filepath.IsAbs(e.name) && filepath.Dir(file) == filepath.Dir(e.name):
		return line(Warn, "%s lies beside the database, so that a copy of the directory opens everything: move it and set OTPRAVKA_MASTER_KEY_FILE", file)
	case bound == "":
		return line(OK, "%s is readable for this user only", file)
	}
	return line(OK, "%s is the database's, and readable for this user only", file)
}

// clockSlack is how far two readings of healthy clocks may be apart.
const clockSlack = time.Minute

func (e *examination) clock(context.Context) []Finding {
	if e.found == nil {
		return nil
	}
	if behind := time.Until(e.found.HighWater); behind > clockSlack {
		return line(Warn, "the machine's clock is %s behind the latest time in the database: set it right, time goes slower until then", behind.Round(time.Second))
	}
	return line(OK, "not behind the database's")
}

func (e *examination) server(ctx context.Context) []Finding {
	if e.name == "" {
		return nil
	}
	path, err := adminPath(e.cfg)
	if err != nil {
		return line(Fail, "%v", err)
	}
	if _, err := admin.Dial(ctx, path); err != nil {
		return line(OK, "none runs on this database: start it with `otpravka serve`")
	}
	e.running = true
	if err := AskReady(ctx, e.cfg.Listen); err != nil {
		return line(Fail, "one runs on this database, and %v", err)
	}
	return line(OK, "one runs on %s and is ready", e.cfg.Listen)
}

func (e *examination) metrics(ctx context.Context) []Finding {
	if e.baseURL == "" {
		return nil
	}
	if !e.cfg.serveMetrics() {
		return line(OK, "not served: OTPRAVKA_METRICS_LISTEN is off")
	}
	addr, err := net.ResolveTCPAddr("tcp", e.cfg.MetricsListen)
	if err != nil {
		return line(Fail, "%v", err)
	}
	text := "read from http://%s/metrics"
	if e.running {
		if err := askMetrics(ctx, addr.String()); err != nil {
			return line(Warn, "the server does not show any on %s, whose port another program may have: set OTPRAVKA_METRICS_LISTEN to another one: %v", addr, err)
		}
	} else if err := portFree(addr); err != nil {
		return line(Warn, "the server will not show any on %s: stop the program that has the port, or set OTPRAVKA_METRICS_LISTEN to another one: %v", addr, err)
	} else {
		text = "the server will show them on http://%s/metrics, and the port is free"
	}
	if !addr.IP.IsLoopback() {
		return line(Warn, "the port of %s is open beyond this machine: let nobody but Prometheus reach it", addr)
	}
	return line(OK, text, addr)
}

// portFree takes the port and gives it back.
func portFree(addr *net.TCPAddr) error {
	ln, err := net.ListenTCP("tcp", addr)
	if err != nil {
		return err
	}
	return ln.Close()
}

func (e *examination) publicURL(context.Context) []Finding {
	if e.baseURL == "" {
		return nil
	}
	if e.cfg.PublicURL == "" {
		return line(Warn, "OTPRAVKA_PUBLIC_URL is not set: callbacks are asked for at %s, which only this machine may reach", e.baseURL)
	}
	if u, err := url.Parse(e.baseURL); err != nil || u.Scheme != "https" {
		return line(Warn, "%s is not https: put TLS in front of it and say so in OTPRAVKA_PUBLIC_URL", e.baseURL)
	}
	return line(OK, "%s (whether the world reaches it is not tried)", e.baseURL)
}

// proxies tells by which addresses strangers are told apart. A server whose
// address is https has a proxy in front of it, since it speaks no TLS itself.
func (e *examination) proxies(context.Context) []Finding {
	switch u, err := url.Parse(e.cfg.PublicURL); {
	case !e.declared:
		return nil
	case len(e.cfg.Proxies) > 0:
		return line(OK, "the word of %s on a caller's address is taken", e.cfg.Proxies)
	case err == nil && u.Scheme == "https":
		return line(Warn, "none is trusted, so all callers seem to be the one in front of this server, and share a limit: name its network under trusted_proxies in the YAML file")
	}
	return line(OK, "none is trusted: a caller's address is that of the connection")
}

// botGrades grade the states of bots; what is not in it is passing trouble.
var botGrades = map[otpcore.BotState]Grade{
	otpcore.BotConnected:      OK,
	otpcore.BotBadCredentials: Fail,
	otpcore.BotConflict:       Fail,
	otpcore.BotInUse:          Fail,
	otpcore.BotPairing:        Fail,
	otpcore.BotPasskeyNeeded:  Fail,
	otpcore.BotLoggedOut:      Fail,
	otpcore.BotReplaced:       Fail,
	otpcore.BotOutdated:       Fail,
	otpcore.BotRestricted:     Fail,
	otpcore.BotTextsRefused:   Fail,
}

func (e *examination) bots(context.Context) []Finding {
	if e.found == nil {
		return nil
	}
	if len(e.found.Bots) == 0 {
		return line(Warn, "none is registered: every code needs SMS until a business does it (POST /v1/bots)")
	}
	when := "is"
	if !e.running {
		when = "was last"
	}
	var all []Finding
	for _, b := range e.found.Bots {
		grade, known := botGrades[b.State]
		if !known {
			grade = Warn
		}
		name := b.Name
		if b.Username != "" {
			name = "@" + b.Username
		}
		owner := "of " + string(b.BusinessID)
		if b.Shared() {
			owner = "which is shared"
		}
		text := fmt.Sprintf("%s %s %s %s", name, owner, when, b.State)
		if grade != OK && b.StateText != "" {
			text += ": " + b.StateText
		}
		all = append(all, Finding{Grade: grade, Text: text})
	}
	return all
}

// updates tells how bots hear what people write.
func (e *examination) updates(context.Context) []Finding {
	if e.baseURL == "" || e.found == nil || len(e.found.Bots) == 0 {
		return nil
	}
	if !e.cfg.byWebhook() {
		return line(OK, "they ask Telegram for what people write to them")
	}
	if e.ring == nil {
		return line(OK, "Telegram posts what people write to them under %s", e.baseURL)
	}
	posted := telegramCallbacks(e.cfg, e.ring, e.baseURL)
	var all []Finding
	for _, b := range e.found.Bots {
		if b.Kind == otpcore.BotTelegram {
			address := e.baseURL + telegram.CallbackPath + posted.Key(b.Account)
			all = append(all, Finding{Grade: OK, Text: fmt.Sprintf("Telegram posts what people write to @%s to %s", b.Username, address)})
		}
	}
	return all
}
