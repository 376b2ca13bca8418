package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
)

// The people of the story.
const (
	annasPhone   = "+77011234567"
	borisPhone   = "+77051112233"
	strangePhone = "+77770009900"

	shopName = "Shop"

	// fallbackAfter is shortened from 45 s, so that nobody waits for the story.
	fallbackAfter = 10 * time.Second
	// patience bounds every wait for a message.
	patience = 30 * time.Second
)

// story is the run of the demo: what has happened so far.
type story struct {
	*world
	server *child
	out    io.Writer
	begun  time.Time

	shop  shop
	anna  *telegramsim.User
	boris *telegramsim.User
	alien *telegramsim.User

	current verification    // the one that the story is in the middle of
	code    string          // and its code, as a phone showed it
	old     map[string]bool // messages that were there before it
}

// step is one sentence of the story; do returns an error unless it held.
type step struct {
	tells string
	do    func(*story, context.Context) error
}

// Script plays the whole story through the real HTTP API and the real bot, and
// prints each step with the time since the beginning. It returns an error at
// the first step that does not hold.
func Script(ctx context.Context, out io.Writer) error {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	begun := time.Now()
	say("Otpravka's story: a real server, a simulated Telegram, a simulated SMS provider.\n")
	say("fallback_after is shortened from 45 s to %s.\n\n", fallbackAfter)
	var log bytes.Buffer
	s := &story{out: out, begun: begun}
	err := s.open(ctx, &log)
	if err == nil {
		err = s.tell(ctx)
	}
	if closing := s.close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("%w\n\nthe server's log:\n%s", err, log.String())
	}
	say("\nEvery step held, in %.1f s.\n", time.Since(begun).Seconds())
	return nil
}

// open starts the simulators, and then the server beside them.
func (s *story) open(ctx context.Context, log io.Writer) error {
	var err error
	if s.world, err = newWorld(shopName, smssim.Options{}); err != nil {
		return err
	}
	s.server, err = newChild(log,
		"OTPRAVKA_CONFIG="+s.config(),
		"OTPRAVKA_DATABASE_URL="+s.database(),
		"OTPRAVKA_MASTER_KEY_FILE="+s.keyFile(),
		"OTPRAVKA_TELEGRAM_API="+s.telegram.URL(),
	)
	if err != nil {
		return err
	}
	return s.server.start(ctx)
}

func (s *story) close() error {
	var err error
	if s.server != nil {
		err = s.server.stop()
	}
	return errors.Join(err, s.world.close())
}

func (s *story) tell(ctx context.Context) error {
	for _, step := range steps() {
		waiting, done := context.WithTimeout(ctx, patience)
		err := step.do(s, waiting)
		done()
		if err != nil {
			_, _ = fmt.Fprintf(s.out, "%6.2f s  FAILED  %s\n", time.Since(s.begun).Seconds(), step.tells)
			return fmt.Errorf("%s: %w", step.tells, err)
		}
		_, _ = fmt.Fprintf(s.out, "%6.2f s  ok  %s\n", time.Since(s.begun).Seconds(), step.tells)
	}
	return nil
}

func steps() []step {
	return []step{
		{"a business is made, beside the running server", (*story).makeBusiness},
		{"its endpoint is registered, and told the secret that signs events", (*story).registerReceiver},
		{"its Telegram bot is registered by its token", (*story).registerBot},
		{"a stranger opens Anna's link and shares his own contact: refused, nothing is linked", (*story).refuseStranger},
		{"Anna opens the link and shares her number: linked", (*story).linkAnna},
		{"the shop asks for a code over HTTP", (*story).startForAnna},
		{"the code is in Anna's chat", (*story).readInChat},
		{"a wrong code is refused and counted", (*story).checkWrong},
		{"the right code, checked 20 times at once, is approved exactly once", (*story).checkParallel},
		{"Anna blocks the bot: her next code comes by SMS at once", (*story).smsWhenBlocked},
		{"that code is approved", (*story).approve},
		{"Anna unblocks the bot: her next code is in the chat again", (*story).chatWhenUnblocked},
		{"she does not confirm: the same code follows by SMS after fallback_after", (*story).smsWhenUnconfirmed},
		{"that code is approved too", (*story).approve},
		{"a code that Anna did not ask for comes to her chat", (*story).chatAgain},
		{`she presses "It wasn't me": it is canceled, and no longer readable`, (*story).pressNotMe},
		{"Boris, whose phone is not linked, waits for a code", (*story).startForBoris},
		{"he links his phone: the waiting code is delivered by the link", (*story).linkBoris},
		{"it is approved", (*story).approve},
		{"one more code is in Boris's chat, and the fallback is pending", (*story).chatForBoris},
		{"the server is killed (SIGKILL) and started again", (*story).killServer},
		{"the fallback still happens: the same code by SMS", (*story).smsAfterKill},
		{"and it is approved", (*story).approve},
		{"every event of all this has reached the endpoint, signed", (*story).heardOfAll},
	}
}
