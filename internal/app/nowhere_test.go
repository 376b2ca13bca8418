package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
	"otpravka/storage"
)

// long makes codes so long that no clock or counter in a log shows one by
// chance.
const long = 10

// trialAnswer is the one place of the API that shows a code.
const trialAnswer = "the answer to a test key"

// wide lifts what would slow down a test that asks for many codes.
func wide(cfg *app.Config) {
	cfg.Rules.Starts, cfg.Rules.StartsEverywhere.Count, cfg.Rules.Live = nil, 0, 1000
	cfg.Rules.Cooldowns = []time.Duration{0}
	cfg.Rules.Retries = []time.Duration{10 * time.Millisecond}
	cfg.Rules.FallbackAfter = 300 * time.Millisecond
}

// leak is the story of TestT09: it gathers codes that are known to be real,
// because a phone or the answer to a test key has shown them.
type leak struct {
	*world
	mu    sync.Mutex
	codes map[string]string // and where each was shown
	ids   map[string]*shop
	texts bytes.Buffer // every message as a phone or a provider got it
	// metrics is what Prometheus was told.
	metrics bytes.Buffer
}

func (l *leak) know(code, where string) {
	l.Helper()
	if len(code) != long {
		l.Errorf("%s shows a code of %d symbols", where, len(code))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.codes[code] = where
}

func (l *leak) begin(by *shop, f fields) verification {
	l.Helper()
	if _, own := f["code"]; !own {
		f["code_length"] = long
	}
	f["metadata"] = fields{"note": "planted-in-metadata"}
	v := by.begin(f)
	l.ids[v.ID] = by
	return v
}

// abuse offers the right code wherever it may not stand, and a wrong one.
func (l *leak) abuse(by *shop, id, code string) {
	l.Helper()
	at := "/v1/verifications/" + id + "/check"
	for _, body := range []string{
		`{"code":` + code + `}`, `{"code":["` + code + `"]}`, `{"cod":"` + code + `"}`, `{"` + code + `":1}`,
		`{"code":"` + code + `"`, `{"code":"` + code + `"} ` + code, `{"code":"` + code + `","code":"` + code + `"}`,
		`{"code":"\u0000` + code + `"}`, code,
	} {
		by.ask("POST", at, body, "Idempotency-Key", "key-"+id)
	}
	by.ask("POST", at+"?code="+code, fields{"code": code})
	by.ask("GET", "/v1/verifications/"+code, nil)
	by.ask("POST", "/v1/verifications", fields{"phone": "code " + code})
	by.ask("POST", "/v1/verifications", fields{"phone": "+77019999999", "template": "login", "params": fields{"x": code}})
	by.check(id, fields{"code": other(code)})
}

// echo is a provider that sends back every text it gets, in words of refusal.
func (l *leak) echo() *httptest.Server {
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var sent struct{ Text string }
		_ = json.Unmarshal(body, &sent)
		code := sent.Text[:strings.IndexByte(sent.Text+" ", ' ')]
		l.know(code, "the echoing provider")
		l.mu.Lock()
		n++
		status := []int{400, 403, 500, 429, 200, 302}[n%6]
		l.texts.WriteString(sent.Text)
		l.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-"+code, code)
		w.Header().Set("Location", "/"+code)
		w.WriteHeader(status)
		_, _ = w.Write(append(body, sent.Text...))
	}))
	l.Cleanup(srv.Close)
	return srv
}

func TestT09CodeIsNowhere(t *testing.T) { eachDatabase(t, codeIsNowhere) }

func codeIsNowhere(t *testing.T, on func(*app.Config)) {
	l := &leak{codes: map[string]string{}, ids: map[string]*shop{}}
	l.world = newWorld(t, wide, withMetrics, on)
	l.stop()
	simulated := smssim.Declaration(l.sms.URL())
	echoing := smssim.Declaration(l.echo().URL)
	echoing = strings.Replace(echoing, "id: simulated", "id: echoing\n    countries: [KG]", 1)
	l.cfg.SMS = l.providers(echoing, simulated)
	l.start()

	l.bySMS()
	l.byChat()
	l.byEcho()
	l.byTrial()
	if len(l.codes) < 200 {
		t.Fatalf("%d codes are known, the test needs 200", len(l.codes))
	}
	l.look()
	l.metrics.WriteString(l.scrape())
	l.search("the running server")
	if storage.IsPostgres(l.cfg.DatabaseURL) { // has no files here
		l.stop()
		l.search("the stopped server")
		return
	}
	// What stands in the files at one moment is what a killed server leaves.
	l.must(os.Mkdir(filepath.Join(l.dir, "killed"), 0o700))
	for _, name := range []string{"otpravka.db", "otpravka.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(l.dir, "data", name))
		l.must(errors.Join(err, os.WriteFile(filepath.Join(l.dir, "killed", name), raw, 0o600)))
	}
	l.stop()
	l.search("the stopped server")
	l.cfg.DatabaseURL = filepath.Join(l.dir, "killed", "otpravka.db")
	l.start()
	l.stop()
	l.search("the server after a kill")
}

func (l *leak) bySMS() {
	for p := range 8 {
		by, phone := l.business("Shop"), fmt.Sprintf("+7701000000%d", p)
		for n := range 6 {
			f := fields{"phone": phone, "channels": []string{"sms"}}
			if n%4 == 0 {
				f["code"] = fmt.Sprintf("7H4K2M%d%dQX", p, n)
			}
			v := l.begin(by, f)
			l.until("the SMS is there", func() bool { return len(l.sms.Inbox(phone)) > n })
			code := l.sms.Inbox(phone)[n].Text[:long]
			l.know(code, "an SMS")
			switch n % 5 {
			case 0:
				l.abuse(by, v.ID, code)
			case 1:
				by.cancel(v.ID)
			case 2:
				by.check(v.ID, fields{"code": code}, "Idempotency-Key", "right")
			}
		}
	}
}

func (l *leak) byChat() {
	by := l.business("Shop")
	by.addBot(1)
	by.moreKeys(5)
	for p := range 5 {
		phone := fmt.Sprintf("+7702000000%d", p)
		u := by.link(phone)
		var old []string
		for n := range 8 {
			f := fields{"phone": phone}
			if n%5 == 0 {
				f["code"] = fmt.Sprintf("8W3R5T%d%dZB", p, n)
				l.tg.Fail(fault.Rule{Method: "sendMessage", Status: []int{400, 500}[p%2], Description: fmt.Sprint("Bad Request: ", f["code"])})
			}
			v := l.begin(by, f)
			if n%10 == 5 || n == 0 && p%2 == 0 {
				l.until("the SMS is there", func() bool { return len(l.sms.Inbox(phone)) > 0 })
				l.know(f["code"].(string), "an own code")
				continue
			}
			code := by.inChat(u, old...).Code()
			old = append(old, code)
			l.know(code, "a chat")
			switch n % 4 {
			case 0:
				l.abuse(by, v.ID, code)
			case 1:
				by.ask("POST", "/v1/verifications/"+v.ID+"/resend", fields{})
			case 2:
				by.check(v.ID, fields{"code": code})
			}
		}
		for _, m := range u.Chat(by.bot).Messages {
			l.texts.WriteString(m.Text + strings.Join(m.History, ""))
		}
	}
}

func (l *leak) byEcho() {
	by := l.business("Shop")
	for n := range 18 {
		v := l.begin(by, fields{"phone": fmt.Sprintf("+99655500%04d", n), "channels": []string{"sms"}})
		l.until("the provider has refused", func() bool {
			trail := by.get(v.ID).trail()
			return trail != "sms:sending"
		})
	}
}

func (l *leak) byTrial() {
	var by *shop
	for n := range 108 {
		if n%36 == 0 {
			by = l.business("Shop")
			by.keys = []string{by.trial}
		}
		v := l.begin(by, fields{"phone": fmt.Sprintf("+1500555000%d", n%6+1)})
		l.know(v.TestCode, trialAnswer)
		if n%6 == 0 {
			by.check(v.ID, fields{"code": v.TestCode})
		}
	}
}

// look reads everything that the API shows, by all ways.
func (l *leak) look() {
	l.Helper()
	shops := map[*shop]map[string]bool{}
	for id, by := range l.ids {
		v := by.get(id)
		if shops[by] == nil {
			shops[by] = map[string]bool{}
		}
		shops[by][v.Phone] = true
	}
	for by, phones := range shops {
		for phone := range phones {
			for _, path := range []string{"/v1/verifications/search", "/v1/phones/lookup"} {
				by.ask("POST", path, fields{"phone": phone})
			}
		}
	}
}

// search looks for every code in all that the server has written, and proves
// that it would find one.
func (l *leak) search(when string) {
	l.Helper()
	l.mu.Lock() // the echoing provider may still be asked
	defer l.mu.Unlock()
	for _, m := range l.sms.Calls() {
		l.texts.WriteString(m.Params["text"])
	}
	real := 0
	for _, where := range l.codes {
		if where != trialAnswer {
			real++
		}
	}
	if n := len(l.found(l.texts.Bytes())); n != real {
		l.Fatalf("the search finds %d of the %d codes that were sent where they are", n, real)
	}
	surfaces := map[string][]byte{
		"the log": []byte(l.logs.String()), "the API's answers": l.said.Bytes(), "metrics": l.metrics.Bytes(),
	}
	controls := map[string]string{
		"the log": "delivery refused", "the API's answers": "planted-in-metadata", "metrics": `result="approved"`,
	}
	if storage.IsPostgres(l.cfg.DatabaseURL) {
		l.must(os.WriteFile(filepath.Join(l.dir, "dump"), l.dump(), 0o600))
	}
	planted := 0
	l.must(filepath.WalkDir(l.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		surfaces[path] = raw
		planted += bytes.Count(raw, []byte("planted-in-metadata"))
		return err
	}))
	if planted < len(l.ids) {
		l.Errorf("%s: the search sees %d of %d notes in the files", when, planted, len(l.ids))
	}
	for _, name := range slices.Sorted(maps.Keys(surfaces)) {
		if control := controls[name]; !bytes.Contains(surfaces[name], []byte(control)) {
			l.Errorf("%s: %s does not hold %q", when, name, control)
		}
		for _, code := range l.found(surfaces[name]) {
			l.Errorf("%s: %s holds a code that %s has shown", when, name, l.codes[code])
		}
	}
}

// found lists the codes that stand in the bytes. It looks at each run of
// symbols that codes are made of, which is hundreds of times faster than to
// look for one code after the other.
func (l *leak) found(in []byte) []string {
	found := map[string]bool{}
	run := 0
	for i, c := range in {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			run++
		} else {
			run = 0
		}
		if run < long {
			continue
		}
		if code := string(in[i+1-long : i+1]); l.codes[code] != "" {
			found[code] = true
		}
	}
	return slices.Collect(maps.Keys(found))
}
