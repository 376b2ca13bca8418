package crash

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
)

// habit is what a person and a business do with a verification.
type habit int

const (
	confirms  habit = iota // the chat's code, at once
	errs                   // SMS; a wrong code first
	guesses                // the chat, and only wrong codes
	waits                  // the chat is not looked at, the SMS of the fallback is
	asksAgain              // SMS, asked for twice
	blocks                 // the bot is blocked, so SMS
	leaves                 // SMS, and the business cancels
	sleeps                 // chat and SMS, and nobody answers
	habits
)

// linked tells whether the person has a chat.
func (h habit) linked() bool {
	return h == confirms || h == guesses || h == waits || h == blocks || h == sleeps
}

// cycle is one verification, with a phone of its own.
type cycle struct {
	*world
	habit     habit
	phone     string
	user      *telegramsim.User // nil: no chat
	id        string
	checks    int // under keys of their own
	compared  int // of these, answered with the outcome of a comparison
	approvals int
	resends   int
	ambiguous int // faults that hid a provider's answer
	steps     int
}

// newCycle prepares the n-th person.
func (w *world) newCycle(n int) *cycle {
	c := &cycle{world: w, habit: habit(n) % habits, phone: fmt.Sprintf("+77010000%03d", n)}
	switch n % 5 {
	case 0:
		w.sms.ReportsFor(c.phone, smssim.Reports{Words: []string{"sent", "delivered"}, Twice: true})
	case 1:
		w.sms.ReportsFor(c.phone, smssim.Reports{Words: []string{"delivered", "sent"}})
	}
	if c.habit == errs && n < 2*int(habits) {
		c.ambiguous = 1
		w.sms.Fail(fault.Rule{Target: c.phone, Drop: fault.DropAfter})
	}
	return c
}

// settle links the person's phone, if it is to be.
func (c *cycle) settle() bool {
	if !c.habit.linked() {
		return true
	}
	user, err := c.link(c.phone)
	if err != nil {
		c.Errorf("%s was not linked: %v", c.phone, err)
		return false
	}
	if c.user = user; c.habit == blocks {
		user.Block(c.bot)
	}
	return true
}

// post sends a request under a key of its own until it is answered.
func (c *cycle) post(path string, body, answer any) int {
	c.steps++
	return c.ask(http.MethodPost, path, fmt.Sprintf("%s-%d", c.phone, c.steps), body, answer)
}

// run lives through the verification. Whatever the server goes through
// meanwhile, no request is answered with a surprise.
func (c *cycle) run() {
	if !c.settle() || !c.begin() {
		return
	}
	switch c.habit {
	case confirms:
		c.offer(c.code(false))
	case errs:
		code := c.code(true)
		c.offer(other(code))
		c.offer(code)
	case guesses:
		code := c.code(false)
		for range 5 {
			c.offer(other(code))
		}
		c.offer(code)
	case waits, blocks:
		c.offer(c.code(true))
	case asksAgain:
		code := c.code(true)
		c.resend()
		c.offer(code)
	case leaves:
		c.cancel()
	}
}

// begin starts the verification, twice under one key: one is made.
func (c *cycle) begin() bool {
	var ids [2]string
	c.steps++
	for i := range ids {
		var v struct{ ID, Code string }
		body := fields{"phone": c.phone}
		if c.user == nil {
			body["channels"] = []string{"sms"}
		}
		status := c.ask(http.MethodPost, "/v1/verifications", c.phone+"-start", body, &v)
		if status != http.StatusCreated {
			c.Errorf("%s: the start was answered %d %s", c.phone, status, v.Code)
			return false
		}
		ids[i] = v.ID
	}
	if ids[0] != ids[1] {
		c.Errorf("%s: one key made %s and %s", c.phone, ids[0], ids[1])
	}
	c.id = ids[0]
	return true
}

// offer checks a code; an empty one has never arrived.
func (c *cycle) offer(code string) {
	if code == "" {
		return
	}
	var answer struct {
		Valid        bool
		Reason, Code string
	}
	c.checks++
	status := c.post("/v1/verifications/"+c.id+"/check", fields{"code": code}, &answer)
	switch {
	case status != http.StatusOK:
		c.Errorf("%s: the check was answered %d %s", c.phone, status, answer.Code)
	case answer.Valid:
		c.compared++
		c.approvals++
	case answer.Reason == "invalid_code":
		c.compared++
	}
}

func (c *cycle) resend() {
	var answer struct{ Code string }
	for over := time.Now().Add(patience); time.Now().Before(over); time.Sleep(pause) {
		switch status := c.post("/v1/verifications/"+c.id+"/resend", fields{"channel": "sms"}, &answer); status {
		case http.StatusOK:
			c.resends++
			return
		case http.StatusConflict: // it has ended meanwhile
			return
		case http.StatusTooManyRequests: // the last one was a moment ago
		default:
			c.Errorf("%s: the resend was answered %d %s", c.phone, status, answer.Code)
			return
		}
	}
}

func (c *cycle) cancel() {
	var answer struct{ Status, Code string }
	switch status := c.post("/v1/verifications/"+c.id+"/cancel", fields{}, &answer); status {
	case http.StatusOK, http.StatusConflict: // it may have run out meanwhile
	default:
		c.Errorf("%s: the cancel was answered %d %s", c.phone, status, answer.Code)
	}
}

// codeLife is longer than any code lives here.
const codeLife = 9 * time.Second

// code waits for the code, by SMS or wherever it comes first, and returns "" if
// it has not come when it is of no use any more.
func (c *cycle) code(bySMS bool) string {
	ctx, done := context.WithTimeout(context.Background(), codeLife)
	defer done()
	came := make(chan string, 2)
	roads := 1
	go func() {
		m, _ := c.sms.WaitSMS(ctx, c.phone, smssim.HasCode())
		came <- m.Code()
	}()
	if !bySMS {
		roads++
		go func() {
			m, _ := c.user.WaitMessage(ctx, c.bot, func(m telegramsim.Message) bool { return codeIn(m) != "" })
			came <- codeIn(m)
		}()
	}
	code := <-came
	done()
	if second := ""; roads == 2 {
		if second = <-came; code == "" {
			code = second
		}
	}
	return code
}

var codeForm = regexp.MustCompile(`\b[0-9]{6}\b`)

// codeIn is the code that a message shows or has shown.
func codeIn(m telegramsim.Message) string {
	return codeForm.FindString(strings.Join(append(m.History, m.Text), "\n"))
}

// other is a wrong code of the same length.
func other(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
}
