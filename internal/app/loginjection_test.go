package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore/coretest"
)

// forged is what a log would show if a value could end its line. It comes in
// every form that a reader of logs may take for the end of a line, or that a
// terminal obeys.
const forged = `{"time":"2026-01-01T00:00:00Z","level":"ERROR","msg":"forged"}`

var injections = []string{
	"a\r\n" + forged, "a\n" + "time=2026-01-01T00:00:00Z level=ERROR msg=forged", "\x1b[2J\x1b[31mforged", "a\u2028" + forged,
	"a\u2029\u0085" + forged, "a\x00b", `a","msg":"forged`, "a msg=forged", "\u202eforged", "\xff\xfe" + "forged", strings.Repeat("long ", 3000),
}

// inject sends the value through everything that may reach a log.
func (s *shop) inject(n int, evil string) {
	s.Helper()
	phone := fmt.Sprintf("+770200000%02d", n)
	for _, more := range []fields{
		{"phone": evil},
		{"locale": evil},
		{"metadata": fields{"k": evil}},
		{"metadata": fields{evil: "v"}},
		{"order_id": evil},
		{"client_ip": evil},
		{"template": evil},
		{"channels": []string{evil}},
		{"code": evil},
		{evil: 1},
		{"country": evil},
		{"template": "payment", "context": fields{"amount": price("10.00", "KZT"), "payee": evil}},
		{"params": fields{evil: evil}},
	} {
		f := fields{"phone": phone, "channels": []string{"sms"}}
		for name, value := range more {
			f[name] = value
		}
		s.ask("POST", "/v1/verifications", f)
	}
	s.ask("POST", "/v1/verifications", evil)
	s.ask("POST", "/v1/verifications/vrf_01kpx3q8e5f1ttgq0g7m9y2c4d/check", fields{"code": evil})
	s.ask("POST", "/v1/keys", fields{"name": evil, "scopes": []string{"check"}})
	s.ask("POST", "/v1/keys", fields{"name": "x", "scopes": []string{evil}})
	s.ask("PATCH", "/v1/settings", fields{"support_text": evil})
	s.ask("PATCH", "/v1/settings", fields{"name": evil})
	s.ask("POST", "/v1/bots", fields{"kind": "telegram", "token": evil})
	s.ask("POST", "/v1/bots", fields{"kind": "telegram", "token": "7000000001:" + evil})
	s.ask("POST", "/v1/phones/lookup", fields{"phone": evil})
	escaped := url.PathEscape(evil)[:min(3000, len(url.PathEscape(evil)))]
	for _, path := range []string{"/v1/verifications/" + escaped, "/" + escaped, "/callbacks/sms/" + escaped, "/v1/keys?cursor=" + escaped, "/v1/keys?" + escaped} {
		s.wire("GET " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.keys[0] + "\r\nConnection: close\r\n\r\n")
	}
	// Header fields with what HTTP allows in them, and with what it does not.
	for _, field := range []string{"Idempotency-Key", "User-Agent", "X-Request-Id", "X-Forwarded-For", "Content-Type", "Authorization", "Accept-Language", "X-" + evil} {
		for _, value := range []string{evil, strings.Map(printableRune, evil)} {
			s.wire("POST /v1/verifications HTTP/1.1\r\nHost: " + strings.Map(printableRune, evil) + "\r\nAuthorization: Bearer " + s.keys[0] +
				"\r\nContent-Length: 2\r\nConnection: close\r\n" + field + ": " + value + "\r\n\r\n{}")
		}
	}
	s.wire(evil + " /v1/settings HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

// printableRune keeps what a field of HTTP may hold.
func printableRune(r rune) rune {
	if unicode.IsControl(r) {
		return '.'
	}
	return r
}

// provoke has the provider and the messenger answer with the value.
func (s *shop) provoke(n int, evil string) {
	s.Helper()
	bySMS, byChat := fmt.Sprintf("+770500000%02d", n), fmt.Sprintf("+770700000%02d", n)
	quoted, _ := json.Marshal(evil)
	for _, rule := range []fault.Rule{
		{Method: "send", Target: bySMS, Status: 400, Description: evil},
		{Method: "send", Target: bySMS, Status: 200, Body: `{"status":` + string(quoted) + `,"id":` + string(quoted) + `}`, ContentType: "application/json"},
		{Method: "send", Target: bySMS, Status: 200, Body: evil},
	} {
		s.sms.Fail(rule)
		v := s.begin(fields{"phone": bySMS, "channels": []string{"sms"}, "metadata": fields{"n": "1"}})
		s.until("the provider has answered", func() bool { return s.get(v.ID).trail() != "sms:sending" })
	}
	u := s.tg.NewUser(telegramsim.UserOptions{Phone: byChat, FirstName: evil, LastName: evil, Username: evil, LanguageCode: evil[:min(len(evil), 10)]})
	u.Start(s.bot, "")
	_, err := u.WaitMessage(s.ctx(), s.bot, func(m telegramsim.Message) bool { return m.FromBot })
	s.must(err)
	s.must(u.ShareContact(s.bot))
	_, err = u.WaitMessage(s.ctx(), s.bot, telegramsim.HasText("arrive in this chat from now on"))
	s.must(err)
	for _, status := range []int{400, 500, 403} {
		s.tg.Fail(fault.Rule{Method: "sendMessage", Status: status, Description: "Bad Request: " + evil})
		v := s.begin(fields{"phone": byChat, "channels": []string{"telegram"}})
		s.until("the messenger has answered", func() bool { return s.get(v.ID).trail() != "telegram:sending" })
		u.Say(s.bot, evil)
		u.Start(s.bot, evil)
		u.SendForeignContact(s.bot, evil, 1)
	}
}

// misreport posts reports with the value at a true callback address.
func (s *shop) misreport(address, evil string) {
	s.Helper()
	quoted, _ := json.Marshal(evil)
	for _, body := range []string{
		evil, string(quoted), `{"id":` + string(quoted) + `,"status":"delivered"}`, `{"id":"sms-999","status":` + string(quoted) + `}`,
		`{` + string(quoted) + `:1}`, `{"id":"sms-999","ref":` + string(quoted) + `,"status":"failed"}`,
	} {
		s.report(address, body)
	}
	s.report(address+"?"+url.QueryEscape(evil)[:min(2000, len(url.QueryEscape(evil)))], "{}")
}

func TestT47LogLinesCannotBeForged(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler func(j *journal) slog.Handler
		check   func(t *testing.T, line []byte)
	}{
		"json": {func(j *journal) slog.Handler {
			return slog.NewJSONHandler(j, coretest.Coarse())
		}, isJSONRecord},
		"text": {func(j *journal) slog.Handler {
			return slog.NewTextHandler(j, coretest.Coarse())
		}, isTextRecord},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logs := new(journal)
			w := newWorld(t, wide, func(cfg *app.Config) { cfg.Log, cfg.CallsPerSecond = slog.New(tt.handler(logs)), 10_000 })
			shop := w.business("Shop")
			shop.addBot(1)
			w.sms.ReportsFor(goodPhone, smssim.Reports{Never: true})
			shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
			sent := w.waitSMS(goodPhone)
			for n, evil := range injections {
				shop.inject(n, evil)
				shop.provoke(n, evil)
				shop.misreport(sent.Callback, evil)
			}
			w.stop()
			lines := bytes.SplitAfter([]byte(logs.String()), []byte("\n"))
			if len(lines) < 50*len(injections) {
				t.Errorf("the log has %d lines only", len(lines))
			}
			for _, line := range lines[:len(lines)-1] {
				tt.check(t, bytes.TrimSuffix(line, []byte("\n")))
				wholesome(t, line)
			}
			if last := lines[len(lines)-1]; len(last) > 0 {
				t.Errorf("the log ends with half a line: %q", last)
			}
			if strings.Contains(logs.String(), "forged") || strings.Contains(logs.String(), "long long") {
				t.Error("the log repeats what strangers sent")
			}
			for what, secret := range map[string]string{
				"the code": sent.Code(), "the phone": goodPhone[1:], "the end of the phone": goodPhone[4:], "a phone by SMS": "7705000", "a phone by chat": "7707000",
				"the key": shop.keys[0], "the key's secret": secret(shop.keys[0]), "the callback key": sent.Callback[strings.LastIndex(sent.Callback, "/")+1:],
				"the bot's token": botToken(1),
			} {
				if strings.Contains(logs.String(), secret) {
					t.Errorf("the log holds %s", what)
				}
			}
		})
	}
}

// wholesome holds a line to what a terminal and a reader of files need.
func wholesome(t *testing.T, line []byte) {
	t.Helper()
	if len(line) > 8<<10 {
		t.Errorf("a line of %d bytes: %.200q", len(line), line)
	}
	if !utf8.Valid(line) {
		t.Errorf("a line that is no UTF-8: %.300q", line)
	}
	for _, r := range strings.TrimSuffix(string(line), "\n") {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			t.Errorf("a line holds %U: %.300q", r, line)
			return
		}
	}
}

func isJSONRecord(t *testing.T, line []byte) {
	t.Helper()
	var record struct{ Time, Level, Msg string }
	dec := json.NewDecoder(bytes.NewReader(line))
	if err := dec.Decode(&record); err != nil || dec.More() || record.Time == "" || record.Level == "" || record.Msg == "" || record.Msg == "forged" {
		t.Errorf("no record: %.300q, %v", line, err)
	}
}

var textRecord = regexp.MustCompile(`^time=\d{4}-\S+ level=(DEBUG|INFO|WARN|ERROR) msg=([a-z0-9:_./-]+|"[^"\\]+(\\.[^"\\]*)*")( |$)`)

func isTextRecord(t *testing.T, line []byte) {
	t.Helper()
	if m := textRecord.FindSubmatch(line); m == nil || string(m[2]) == "forged" {
		t.Errorf("no record: %.300q", line)
	}
}
