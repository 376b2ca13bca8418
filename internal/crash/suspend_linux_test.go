package crash

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"otpravka/internal/freeport"
	"otpravka/internal/pgtest"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/smssim"
)

// freeze stops the process where it stands, as a paused machine does, until
// thaw. It returns once all of its threads stand: until the first of them has
// taken the signal, the others go on.
func (c *child) freeze() {
	c.Helper()
	c.signal(syscall.SIGSTOP)
	if err := unix.Waitid(unix.P_PID, c.cmd.Process.Pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		c.Fatal(err)
	}
}

func (c *child) thaw() { c.signal(syscall.SIGCONT) }

// suspension is longer than any code lives here, as ten minutes are in earnest.
const suspension = 9 * time.Second

// TestF31Suspended stops the process while codes wait for their fallback. When
// it goes on, they are over: none is sent, and none is right any more.
func TestF31Suspended(t *testing.T) {
	t.Parallel()
	for _, on := range []engine{sqlite, postgres} {
		t.Run(on.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, on, "")
			w.open(1)
			people := make([]*cycle, 6)
			for i := range people {
				people[i] = w.newCycle(int(habits)*i + int(sleeps))
			}
			together(people, func(c *cycle) {
				if c.settle() {
					c.begin()
				}
			})
			code := people[0].code(false)
			w.freeze()
			sent := make(map[*cycle]int)
			for _, c := range people {
				sent[c] = len(w.sms.Inbox(c.phone))
			}
			var typed sync.WaitGroup
			typed.Go(func() { people[0].offer(code) }) // the server's socket takes it in time
			time.Sleep(suspension)
			w.thaw()
			typed.Wait()
			w.hold(people)
			for _, c := range people {
				v := c.terminal()
				if v.Status != "expired" || c.approvals > 0 {
					t.Errorf("%s is %s after the suspension", c.id, v.Status)
				}
				if n := len(w.sms.Inbox(c.phone)); n != sent[c] {
					t.Errorf("%d messages of %s left after its end", n-sent[c], c.id)
				}
			}
			next := w.newCycle(int(errs))
			next.run()
			w.hold([]*cycle{next})
			w.stop()
			w.sound(append(people, next))
		})
	}
}

// second is another server on the database, on a machine of its own.
func (w *world) second(database string) *world {
	w.Helper()
	dir, err := os.MkdirTemp("", "otp")
	w.must(err)
	w.Cleanup(func() { _ = os.RemoveAll(dir) })
	key, err := os.ReadFile(filepath.Join(w.dir, "key", "master.key"))
	w.must(err)
	w.must(os.WriteFile(filepath.Join(dir, "master.key"), key, 0o600))
	addr, other := freeport.For(w), *w
	other.child = &child{TB: w.TB, url: "http://" + addr, env: append(slices.Clone(w.env),
		"HOME="+dir, "OTPRAVKA_LISTEN="+addr, "OTPRAVKA_DATABASE_URL="+database, "OTPRAVKA_MASTER_KEY_FILE="+filepath.Join(dir, "master.key"))}
	other.child.start()
	w.must(other.ready(other.ctx(), w.http))
	return &other
}

// TestF29FrozenServerWakes freezes a server whose message is at the provider,
// and lets another one take over. The first one wakes with the provider's answer
// in its hands, and with a lock that it has lost.
func TestF29FrozenServerWakes(t *testing.T) {
	t.Parallel()
	direct := pgtest.URL(t)
	proxy := pgtest.NewProxy(t, direct)
	first := newWorld(t, behind(proxy), "")
	first.open(1)
	const phone = "+77010000001"
	first.sms.ReportsFor(phone, smssim.Reports{Never: true})
	first.sms.Fail(fault.Rule{Target: phone, AnswerDelay: time.Second})
	var v struct{ ID string }
	if status := first.ask("POST", "/v1/verifications", "start", fields{"phone": phone, "channels": []string{"sms"}}, &v); status != http.StatusCreated {
		t.Fatalf("the start was answered %d", status)
	}
	m, err := first.sms.WaitSMS(first.ctx(), phone, smssim.HasCode())
	first.must(err)
	first.freeze()
	proxy.Cut() // PostgreSQL takes it for gone
	other := first.second(direct)
	check := "/v1/verifications/" + v.ID + "/check"
	var answer struct {
		Valid  bool
		Reason string
	}
	if status := other.ask("POST", check, "right", fields{"code": m.Code()}, &answer); status != http.StatusOK || !answer.Valid {
		t.Fatalf("the check at the other server: %d, %+v", status, answer)
	}
	told := (&cycle{world: other, id: v.ID}).terminal()
	first.thaw()
	time.Sleep(time.Second)
	for range 5 {
		first.refused(check, "again", `{"code":"`+m.Code()+`"}`)
		if status := first.readiness(); status != http.StatusServiceUnavailable {
			t.Errorf("ready without the lock: %d", status)
		}
	}
	other.stop()
	first.must(first.ready(first.ctx(), first.http))
	if status := first.ask("POST", check, "later", fields{"code": m.Code()}, &answer); status != http.StatusOK || answer.Valid || answer.Reason != "already_used" {
		t.Errorf("the check at the first server afterwards: %d, %+v", status, answer)
	}
	// The answer that it woke with may still settle what the other one could not
	// know: the message was sent. Nothing else changes.
	now := (&cycle{world: first, id: v.ID}).terminal()
	settled := now.happened("delivery.sent", "") - told.happened("delivery.sent", "")
	if settled > 1 || len(now.Timeline) != len(told.Timeline)+settled || len(now.Deliveries) != len(told.Deliveries) ||
		now.Status != told.Status || now.happened("verification.approved", "") != 1 {
		t.Errorf("the server that woke changed %+v to %+v", told, now)
	}
	inbox := first.sms.Inbox(phone)
	for _, again := range inbox {
		if again.Code() != m.Code() {
			t.Error("a repeat carries another code")
		}
	}
	if len(inbox) > 2 {
		t.Errorf("%d messages, want one and one repeat at most", len(inbox))
	}
	first.stop()
}
