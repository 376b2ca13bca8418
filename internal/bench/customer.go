package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// customer is one connection that acts again and again, and notes how long it
// waited.
type customer struct {
	*client
	site    *site
	inbox   chan code
	began   []string // verifications that it started
	took    map[string][]time.Duration
	refused map[int]int // answers that were no success, by status
	last    *refusal    // of them
}

// What is timed.
const (
	timedStart = "start"
	timedCheck = "check"
	timedCycle = "cycle"
)

func newCustomer(ctx context.Context, s *site, wishes string) (*customer, error) {
	c, err := s.connect(ctx, wishes)
	if err != nil {
		return nil, fmt.Errorf("connect to the server: %w", err)
	}
	cu := &customer{client: c, site: s, inbox: make(chan code, 1)}
	cu.forget()
	return cu, nil
}

// forget drops the notes, after a warm-up.
func (c *customer) forget() {
	c.took, c.refused = map[string][]time.Duration{}, map[int]int{}
}

func (c *customer) note(call string, began time.Time) {
	c.took[call] = append(c.took[call], time.Since(began))
}

// ask starts a verification for a phone of its own.
func (c *customer) ask(context.Context) error {
	_, err := c.askFor(c.site.nextPhone())
	return err
}

func (c *customer) askFor(phone int) (started, error) {
	began := time.Now()
	s, err := c.startFor(phone)
	if err == nil {
		c.note(timedStart, began)
	}
	return s, err
}

// askAndKeep also keeps the verification, for guesses at its code.
func (c *customer) askAndKeep(context.Context) error {
	s, err := c.askFor(c.site.nextPhone())
	if err == nil {
		c.began = append(c.began, s.id)
	}
	return err
}

var errRefused = errors.New("the right code was refused")

// cycle is what a user does: ask for a code, read it, type it.
func (c *customer) cycle(ctx context.Context) error {
	began := time.Now()
	phone := c.site.nextPhone()
	c.expect(phone)
	s, err := c.askFor(phone)
	if err != nil {
		c.site.inboxes.Delete(phone)
		return err
	}
	code, err := c.read(ctx, s)
	if err != nil {
		return err
	}
	typed := time.Now()
	valid, err := c.offer(s.id, code)
	switch {
	case err != nil:
		return err
	case !valid:
		return errRefused
	}
	c.note(timedCheck, typed)
	c.note(timedCycle, began)
	return nil
}

// expect makes the provider hand the phone's code to this customer.
func (c *customer) expect(phone int) {
	if c.site.provider != nil {
		c.site.inboxes.Store(phone, c.inbox)
	}
}

// read returns the code that arrived, or, where nothing is sent, the one that
// a test key is shown.
func (c *customer) read(ctx context.Context, s started) (code code, err error) {
	if c.site.provider == nil {
		if len(s.testCode) != len(code) {
			return code, errors.New("the answer shows no test_code: give --key a test key, otp_test_…, under which nothing is sent")
		}
		copy(code[:], s.testCode)
		return code, nil
	}
	select {
	case code = <-c.inbox:
		return code, nil
	case <-ctx.Done():
		return code, fmt.Errorf("the message of %s did not reach the provider: %w", s.id, ctx.Err())
	}
}

// guess offers a wrong code. One in a million is right, which does not matter
// here.
func (c *customer) guess(id string) error {
	began := time.Now()
	_, err := c.offer(id, code([]byte(blankCode)))
	if err == nil {
		c.note(timedCheck, began)
	}
	return err
}
