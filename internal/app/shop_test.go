package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"otpravka/internal/sim/telegramsim"
)

// shop is a business's app. Its keys take turns, so that a test may send more
// requests than one key is allowed.
type shop struct {
	*world
	id    string
	keys  []string
	trial string // the test key
	turn  atomic.Int64
	bot   *telegramsim.Bot
}

type fields map[string]any

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   []byte
	code   string // of a problem
}

// verification is what tests read of one.
type verification struct {
	ID           string            `json:"id"`
	Status       string            `json:"status"`
	Phone        string            `json:"phone"`
	Route        []string          `json:"route"`
	Links        map[string]string `json:"links"`
	EndReason    string            `json:"end_reason"`
	AttemptsLeft int               `json:"attempts_left"`
	FallbackAt   string            `json:"fallback_at"`
	TestCode     string            `json:"test_code"`
	Deliveries   []struct {
		Channel     string            `json:"channel"`
		Status      string            `json:"status"`
		Cause       string            `json:"cause"`
		Try         int               `json:"try"`
		RefusedBy   []string          `json:"refused_by"`
		DeliveredAt string            `json:"delivered_at"`
		Error       map[string]string `json:"error"`
	} `json:"deliveries"`
	Timeline []struct {
		Type string            `json:"type"`
		Data map[string]string `json:"data"`
	} `json:"timeline"`
}

// trail is the channels and states of the deliveries: "telegram:failed sms:sent".
func (v verification) trail() string {
	var steps []string
	for _, d := range v.Deliveries {
		steps = append(steps, d.Channel+":"+d.Status)
	}
	return strings.Join(steps, " ")
}

// happened counts the entries of a type in the timeline.
func (v verification) happened(kind string) int {
	n := 0
	for _, e := range v.Timeline {
		if e.Type == kind {
			n++
		}
	}
	return n
}

type checked struct {
	Valid        bool   `json:"valid"`
	Status       string `json:"status"`
	Reason       string `json:"reason"`
	AttemptsLeft int    `json:"attempts_left"`
}

var testCodeForm = regexp.MustCompile(`"test_code":"[^"]*",?`)

// do sends a request that is ready but for its key.
func (s *shop) do(req *http.Request, key string) (answer, error) {
	if _, given := req.Header["Authorization"]; !given {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	return s.understood(req.Method, req.URL.EscapedPath(), res)
}

// ask sends a request with one of the live keys. A body that is a string is
// sent as it stands, anything else as JSON. Header holds names and values.
func (s *shop) ask(method, path string, body any, header ...string) answer {
	s.Helper()
	return s.askWith(s.keys[int(s.turn.Add(1))%len(s.keys)], method, path, body, header...)
}

func (s *shop) askWith(key, method, path string, body any, header ...string) answer {
	s.Helper()
	a, err := s.do(s.request(method, path, body, header...), key)
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (s *shop) request(method, path string, body any, header ...string) *http.Request {
	s.Helper()
	text, raw := body.(string)
	if !raw && body != nil {
		encoded, err := json.Marshal(body)
		s.must(err)
		text = string(encoded)
	}
	req, err := http.NewRequestWithContext(s.ctx(), method, s.url+path, strings.NewReader(text))
	s.must(err)
	if text != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

func (a answer) into(s *shop, status int, v any) {
	s.Helper()
	if a.status != status {
		s.Fatalf("answered %d, want %d: %s", a.status, status, a.body)
	}
	s.must(json.Unmarshal(a.body, v))
}

// begin starts a verification.
func (s *shop) begin(f fields, header ...string) verification {
	s.Helper()
	var v verification
	s.ask("POST", "/v1/verifications", f, header...).into(s, http.StatusCreated, &v)
	return v
}

func (s *shop) get(id string) verification {
	s.Helper()
	var v verification
	s.ask("GET", "/v1/verifications/"+id, nil).into(s, http.StatusOK, &v)
	return v
}

func (s *shop) check(id string, f fields, header ...string) checked {
	s.Helper()
	var c checked
	s.ask("POST", "/v1/verifications/"+id+"/check", f, header...).into(s, http.StatusOK, &c)
	return c
}

func (s *shop) cancel(id string) {
	s.Helper()
	if a := s.ask("POST", "/v1/verifications/"+id+"/cancel", nil); a.status != http.StatusOK {
		s.Fatalf("cancel answered %d %s", a.status, a.body)
	}
}

// settled waits until the verification has the trail: nothing announces that
// the answer to a send is stored.
func (s *shop) settled(id, trail string) verification {
	s.Helper()
	var v verification
	s.until(fmt.Sprintf("deliveries of %s are %s", id, trail), func() bool {
		v = s.get(id)
		return v.trail() == trail
	})
	return v
}

// moreKeys makes keys beside the first one.
func (s *shop) moreKeys(n int) {
	s.Helper()
	for range n {
		var made struct{ Key string }
		s.ask("POST", "/v1/keys", fields{"name": "more", "scopes": []string{"admin"}}).into(s, http.StatusCreated, &made)
		s.keys = append(s.keys, made.Key)
	}
}

// botToken is a well-formed Telegram token of the bot with the number.
func botToken(n int) string {
	return fmt.Sprintf("70000000%02d:a-token-of-the-simulated-telegram-%02d", n, n)
}

// addBot gives the shop a bot that reads its messages.
func (s *shop) addBot(n int) {
	s.Helper()
	s.bot = s.tg.AddBot(botToken(n), fmt.Sprintf("shop%d_bot", n), "Shop")
	if a := s.ask("POST", "/v1/bots", fields{"kind": "telegram", "token": botToken(n)}); a.status != http.StatusCreated {
		s.Fatalf("the bot was answered %d %s", a.status, a.body)
	}
	s.must(s.bot.WaitPolling(s.ctx()))
}

// link brings a person with the phone through the linking conversation.
func (s *shop) link(phone string) *telegramsim.User {
	s.Helper()
	u := s.tg.NewUser(telegramsim.UserOptions{Phone: phone, FirstName: "Anna", LanguageCode: "en"})
	u.Start(s.bot, "")
	_, err := u.WaitMessage(s.ctx(), s.bot, func(m telegramsim.Message) bool { return m.FromBot })
	s.must(err)
	s.must(u.ShareContact(s.bot))
	_, err = u.WaitMessage(s.ctx(), s.bot, telegramsim.HasText("arrive in this chat from now on"))
	s.must(err)
	return u
}

// inChat waits for a message with a code in the chat, other than the old ones.
func (s *shop) inChat(u *telegramsim.User, old ...string) telegramsim.Message {
	s.Helper()
	m, err := u.WaitMessage(s.ctx(), s.bot, func(m telegramsim.Message) bool {
		return m.Code() != "" && !slices.Contains(old, m.Code())
	})
	if err != nil {
		s.Fatalf("no code in the chat: %v", err)
	}
	return m
}

// other is a wrong code of the same length.
func other(code string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0' + (r-'0'+1)%10
		}
		return r
	}, code)
}
