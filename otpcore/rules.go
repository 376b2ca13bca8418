package otpcore

import "time"

// Limit admits Count acts per sliding Window.
type Limit struct {
	Count  int
	Window time.Duration
}

// Rules are the installation's numbers. The zero value of nothing is useful:
// take DefaultRules and change what must differ.
type Rules struct {
	CodeLength    int
	TTL           time.Duration
	FallbackAfter time.Duration
	LinkMaxAge    time.Duration

	// MaxLife bounds a code's life from its start, whatever extends it.
	MaxLife time.Duration
	// SMSLife is the least life that an SMS finds when it leaves.
	SMSLife time.Duration

	MaxAttempts int
	MaxSends    int
	Cooldowns   []time.Duration // before the 1st, 2nd, … resend; the last one repeats

	// Starts and Live count per (business, phone), and only starts that were not
	// approved. StartsEverywhere counts all of a phone's starts.
	Starts           []Limit
	StartsEverywhere Limit
	Live             int

	// Failures count wrong guesses per (business, phone) across verifications.
	// After Consecutive of them without an approval the phone stays locked
	// until the business unlocks it (NIST SP 800-63B-4, section 3.2.2).
	Failures    []Limit
	Consecutive int

	CallTimeout time.Duration    // one call to a provider
	LeaseSlack  time.Duration    // a lease outlives the call by this
	Retries     []time.Duration  // waits before the repeats of a passing failure
	ReceiptWait time.Duration    // how long an unanswered send may be settled by a receipt
	EditLife    time.Duration    // an edit or an answer that waited longer is dropped
	OrderLife   time.Duration    // news of an order that waited longer is dropped
	Backlog     int              // sends in memory at which starts are refused
	Paces       map[BotKind]Pace // how fast each bot of the kind may write; none: without limit
}

// DefaultRules returns the numbers of docs/lifecycle.md.
func DefaultRules() Rules {
	return Rules{
		CodeLength:    6,
		TTL:           180 * time.Second,
		FallbackAfter: 45 * time.Second,
		LinkMaxAge:    90 * day,
		MaxLife:       600 * time.Second,
		SMSLife:       120 * time.Second,
		MaxAttempts:   5,
		MaxSends:      5,
		Cooldowns:     []time.Duration{30 * time.Second, 60 * time.Second, 120 * time.Second, 300 * time.Second},
		Starts: []Limit{
			{Count: 5, Window: 10 * time.Minute},
			{Count: 10, Window: time.Hour},
			{Count: 20, Window: day},
		},
		StartsEverywhere: Limit{Count: 40, Window: day},
		Live:             3,
		Failures:         []Limit{{Count: 10, Window: time.Hour}, {Count: 20, Window: day}},
		Consecutive:      100,
		CallTimeout:      10 * time.Second,
		LeaseSlack:       5 * time.Second,
		Retries:          []time.Duration{time.Second, 3 * time.Second, 9 * time.Second},
		ReceiptWait:      8 * time.Second,
		EditLife:         10 * time.Minute,
		OrderLife:        day,
		Backlog:          10_000,
		Paces:            map[BotKind]Pace{BotTelegram: TelegramPace(), BotWhatsAppCloud: CloudPace()},
	}
}

// Policy is what a kind of verification allows.
type Policy struct {
	MinTTL, MaxTTL time.Duration
	MaxLife        time.Duration
	MaxAttempts    int
	LockEvery      int // wrong guesses that lock the code for LockFor; zero: never
	LockFor        time.Duration
	Resend         bool
	Fallback       bool
	Guarded        bool // the limits of the phone's standing apply
}

// policy returns the policy of a kind. A hand-over code lives as long as the
// parcel travels and is read aloud at a door, so it locks for a while instead
// of ending, and nothing repeats it: a new order update issues a new one.
func (r *Rules) policy(k VerificationKind) Policy {
	if k == KindHandover {
		return Policy{
			MinTTL: time.Hour, MaxTTL: 14 * day, MaxLife: 14 * day,
			MaxAttempts: 100, LockEvery: 5, LockFor: 15 * time.Minute,
		}
	}
	return Policy{
		MinTTL: min(30*time.Second, r.TTL), MaxTTL: r.MaxLife, MaxLife: r.MaxLife,
		MaxAttempts: r.MaxAttempts, Resend: true, Fallback: true, Guarded: true,
	}
}

func (r *Rules) lease() time.Duration { return r.CallTimeout + r.LeaseSlack }

// quiet is the last part of a code's life, in which nothing but an SMS, which
// extends the life, is sent any more.
func quiet(ttl time.Duration) time.Duration { return min(30*time.Second, ttl/3) }

// Times are how long a code of the business lives, and when SMS takes over, where
// a start does not say otherwise.
func (r *Rules) Times(set Settings) (ttl, fallbackAfter time.Duration) {
	ttl = or(set.TTL, r.TTL)
	return ttl, r.fallbackAfter(set, ttl)
}

// fallbackAfter is the business's wish where it has one, as far as the code
// lives, else ours, and then at most half of the code's life.
func (r *Rules) fallbackAfter(set Settings, ttl time.Duration) time.Duration {
	if set.FallbackAfter != 0 {
		return min(set.FallbackAfter, ttl)
	}
	return min(r.FallbackAfter, ttl/2)
}
