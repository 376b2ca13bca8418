package app_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
)

// pending starts a verification by SMS and returns its id and code.
func (s *shop) pending(phone string) (id, code string) {
	s.Helper()
	old := len(s.sms.Inbox(phone))
	v := s.begin(fields{"phone": phone, "channels": []string{"sms"}})
	s.until("the SMS is there", func() bool { return len(s.sms.Inbox(phone)) > old })
	return v.ID, s.sms.Inbox(phone)[old].Code()
}

func TestCodesAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wide)
	shop := w.business("Shop")
	shop.moreKeys(2)
	half := func(code, with string) string { return code[:3] + with + code[3:] }
	other := func(zero rune) func(string) string {
		return func(code string) string {
			return strings.Map(func(r rune) rune { return zero + r - '0' }, code)
		}
	}
	for i, tt := range []struct {
		row   int
		name  string
		typed func(code string) string
	}{
		{35, "space", func(c string) string { return half(c, " ") }},
		{35, "hyphen", func(c string) string { return half(c, "-") }},
		{35, "no-break space", func(c string) string { return half(c, "\u00a0") }},
		{35, "narrow no-break space", func(c string) string { return half(c, "\u202f") }},
		{35, "around", func(c string) string { return "  " + c + " " }},
		{36, "Arabic-Indic", other('٠')},
		{36, "Persian", other('۰')},
		{36, "Devanagari", other('०')},
		{36, "full width", other('０')},
	} {
		id, code := shop.pending(fmt.Sprintf("+7701000000%d", i))
		wrong := strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
		if c := shop.check(id, fields{"code": tt.typed(wrong)}); c.Reason != "invalid_code" || c.AttemptsLeft != 4 {
			t.Errorf("row %d, %s, wrong: %+v", tt.row, tt.name, c)
		}
		if c := shop.check(id, fields{"code": tt.typed(code)}); !c.Valid {
			t.Errorf("row %d, %s, right: %+v", tt.row, tt.name, c)
		}
	}
}

func TestBadCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	id, code := shop.pending(goodPhone)
	shop.settled(id, "sms:delivered")
	before, sent := w.stored(), w.sms.CallCount()
	for _, r := range []refusal{
		{row: 37, body: `{"code":"` + code + `\u0000"}`, status: 422, code: "control_character"},
		{row: 37, body: `{"code":"` + code + `\n"}`, status: 422, code: "code_unreadable"},
		{row: 37, body: `{"code":"\t` + code + `"}`, status: 422, code: "code_unreadable"},
		{row: 38, body: `{"code":["` + code + `","000001"]}`, status: 422, code: "wrong_type"},
		{row: 38, body: `{"code":[]}`, status: 422, code: "wrong_type"},
		{row: 38, body: `{"code":{}}`, status: 422, code: "wrong_type"},
		{row: 38, body: `{"code":{"$gt":""}}`, status: 422, code: "wrong_type"},
		{row: 38, body: `{"code":true}`, status: 422, code: "wrong_type"},
		{row: 38, body: `{"code":null}`, status: 422, code: "null_value"},
		{row: 38, body: `{"code":` + strings.TrimLeft(code, "0") + `}`, status: 422, code: "wrong_type"},
		{row: 38, body: `{"code":""}`, status: 422, code: "invalid_value"},
		{row: 38, body: `{"code":"` + strings.Repeat("1", 65) + `"}`, status: 422, code: "invalid_value"},
		{row: 38, body: `{}`, status: 422, code: "missing_field"},
		{row: 38, body: `{"Code":"` + code + `"}`, status: 400, code: "unknown_field"},
		{row: 38, body: `{"code":"` + code + `","code":"000000"}`, status: 400, code: "duplicate_key"},
		{row: 38, body: ``, status: 400, code: "empty_body"},
	} {
		a := shop.ask("POST", "/v1/verifications/"+id+"/check", r.body)
		if a.status != r.status || a.code != r.code {
			t.Errorf("row %d, %.60q: %d %s, want %d %s", r.row, r.body, a.status, a.body, r.status, r.code)
		}
		if strings.Contains(string(a.body), code) {
			t.Errorf("row %d: the code is repeated: %s", r.row, a.body)
		}
	}
	for _, short := range []string{"1", code[1:], code + "0", code + code, "abcdef!"} {
		if c := shop.check(id, fields{"code": short}); c.Reason != "malformed_code" || c.AttemptsLeft != 5 {
			t.Errorf("%q: %+v", short, c)
		}
	}
	if after := w.stored(); after != before || w.sms.CallCount() != sent {
		t.Errorf("the rows went from %s to %s", before, after)
	}
	if c := shop.check(id, fields{"code": code}); !c.Valid {
		t.Errorf("the right code after all that: %+v", c)
	}
}

func TestChecksOfOthersAndOfEndedVerifications(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	first, firstCode := shop.pending(goodPhone)
	second, secondCode := shop.pending(goodPhone)
	if c := shop.check(first, fields{"code": secondCode}); c.Reason != "invalid_code" || c.AttemptsLeft != 4 {
		t.Errorf("row 39: %+v", c)
	}
	shop.cancel(second)
	if c := shop.check(second, fields{"code": secondCode}); c.Valid || c.Reason != "canceled" {
		t.Errorf("row 40, canceled: %+v", c)
	}
	right := fields{"code": firstCode}
	if c := shop.check(first, right, "Idempotency-Key", "one"); !c.Valid {
		t.Errorf("the right code: %+v", c)
	}
	if c := shop.check(first, right); c.Valid || c.Reason != "already_used" {
		t.Errorf("row 40, approved: %+v", c)
	}
	if a := shop.ask("POST", "/v1/verifications/"+first+"/check", fields{"code": secondCode}, "Idempotency-Key", "one"); a.status != 422 || a.code != "key_reused" {
		t.Errorf("row 43: %d %s", a.status, a.body)
	}
	if got := shop.get(second); got.Status != "canceled" || got.EndReason != "canceled_by_business" {
		t.Errorf("the canceled one is %s %s", got.Status, got.EndReason)
	}
}

func TestBadIDsAndMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	id, code := shop.pending(goodPhone)
	for _, bad := range []string{
		strings.ToUpper(id), id + "=", id + "%00", "../" + id, id[:len(id)-1], id + "0", "VRF" + id[3:], id[4:], "biz" + id[3:],
		strings.Repeat("a", 10<<10), "vrf_zzzzzzzzzzzzzzzzzzzzzzzzzz", "%2e%2e", "{id}", "1",
	} {
		a := shop.ask("POST", "/v1/verifications/"+bad+"/check", fields{"code": code})
		if a.status != 404 {
			t.Errorf("row 41, %.40q: %d %s", bad, a.status, a.body)
		}
	}
	for _, method := range []string{"PUT", "TRACE", "HEAD", "GET", "DELETE", "PATCH"} {
		a := shop.ask(method, "/v1/verifications/"+id+"/check", nil)
		if a.status != 405 || !strings.Contains(a.header.Get("Allow"), "POST") {
			t.Errorf("row 42, %s: %d, Allow %q", method, a.status, a.header.Get("Allow"))
		}
	}
	if c := shop.check(id, fields{"code": code}); !c.Valid {
		t.Errorf("the right code after all that: %+v", c)
	}
}

func TestPromisedBodyThatNeverComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.Limits.Read = time.Second })
	shop := w.business("Shop")
	id, _ := shop.pending(goodPhone)
	conn := w.dial()
	_, err := fmt.Fprintf(conn, "POST /v1/verifications/%s/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 17\r\nExpect: 100-continue\r\n\r\n", id, shop.keys[0])
	w.must(err)
	said, err := io.ReadAll(conn) // ends when the server closes the connection
	w.must(err)
	if !strings.Contains(string(said), "408 ") {
		t.Errorf("row 44: %q", said)
	}
	if got := shop.get(id); got.AttemptsLeft != 5 {
		t.Errorf("row 44: %d attempts left", got.AttemptsLeft)
	}
}
