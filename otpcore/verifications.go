package otpcore

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// Verifications is what businesses do with verifications: start, look, check,
// resend, cancel.
type Verifications struct {
	desk       *desk
	ledger     Ledger
	reader     Reader
	carriers   Carriers
	renderer   Renderer
	doors      doors
	templates  *Templates
	phones     PhoneParser
	dispatcher *Dispatcher
	checked    func(Mode, CheckResult)
	log        *slog.Logger
}

// How long an idempotency key repeats its answer.
const (
	keepStart = day
	keepCheck = 10 * time.Minute
)

// Started is the answer to a start. Everything in it follows from the request
// and the configuration: it does not tell whether the phone is linked.
type Started struct {
	Verification Verification // as it was at the start
	Phone        Phone
	Hint         string
	TelegramLink string // opens the bot's chat for this phone; empty without a bot
	WhatsAppLink string // the same for WhatsApp
	TestCode     Code   // in test mode
}

type startedRef struct {
	ID ID `json:"id"`
}

// Start makes a verification and hands its first message to the dispatcher. It
// returns once the verification is durable; nothing is sent before that.
func (v *Verifications) Start(ctx context.Context, by Caller, r StartRequest) (*Started, error) {
	if v.dispatcher.full(by.Business.ID) {
		return nil, &Error{Kind: KindUnavailable, Code: "overloaded", RetryAfter: time.Second, Detail: "Too many messages wait to be sent. Nothing happened; repeat the request."}
	}
	phone, err := v.parsePhone(by, r.Phone, r.Country)
	if err != nil {
		return nil, err
	}
	said, err := v.templates.inForce(ctx, by.Business, or(r.Template, defaultTemplate))
	if err != nil {
		return nil, err
	}
	draft, err := v.draft(by, r, said, phone)
	if err != nil {
		return nil, err
	}
	var (
		id      ID
		started *Started
	)
	own, once := NewCode(r.Code), r.Idempotency.once("verifications.start", keepStart)
	err = v.ledger.Do(ctx, Op{
		Lane: LaneRequests, BusinessID: by.Business.ID, Mode: by.Mode, Phone: v.desk.phoneIndex(phone), Once: once,
		Decide: func(c *Case) error {
			var ref startedRef
			if found, err := recall(c, once, &ref); found || err != nil {
				id, started = ref.ID, nil
				return err
			}
			if err := v.desk.start(c, draft, phone, own); err != nil {
				return err
			}
			id, started = c.Verification.ID, &Started{Verification: *c.Verification, Phone: phone}
			return remember(c, once, startedRef{id})
		},
	})
	if err != nil {
		return nil, err
	}
	if started == nil {
		return v.replayStart(ctx, by, id)
	}
	v.complete(by, started)
	return started, nil
}

// replayStart gives a repeated request its first answer.
func (v *Verifications) replayStart(ctx context.Context, by Caller, id ID) (*Started, error) {
	c, err := v.reader.CaseOf(ctx, by.Business.ID, by.Mode, id)
	if err != nil {
		return nil, err
	}
	phone, err := v.desk.shownPhone(phonePlace(c.Verification), c.Verification.Phone)
	if err != nil {
		return nil, err
	}
	started := &Started{Verification: *c.Verification, Phone: phone}
	v.complete(by, started)
	return started, nil
}

// complete tells only what was fixed at the start, whatever happened to the
// verification since.
func (v *Verifications) complete(by Caller, s *Started) {
	ver := &s.Verification
	ver.Status, ver.EndReason, ver.EndedAt = Pending, "", noTime
	ver.ApprovedBy, ver.Channel = "", ""
	ver.Attempts, ver.Sends, ver.Resends = 0, 1, 0
	ver.ExpiresAt = ver.CreatedAt.Add(ver.TTL)
	ver.ResendAt = ver.CreatedAt.Add(v.desk.cooldown(0))
	ver.FallbackAt = noTime
	if len(ver.Route) > 1 {
		ver.FallbackAt = firstFallback(ver)
	}
	s.Hint = v.renderer.Hint(v.renderer.Locale(ver.Locale, by.Business.Settings.Locale), ver.Route)
	if by.Mode == Test {
		s.TestCode, _ = v.desk.code(ver)
		return
	}
	s.TelegramLink, s.WhatsAppLink = v.chatLinks(by, ver, s.Phone.Region())
}

// chatLinks open the chats of the business's bots for the verification. They
// depend on what is configured only.
func (v *Verifications) chatLinks(by Caller, ver *Verification, region string) (telegram, whatsapp string) {
	of := doorOf(by.Business)
	of.locale = ver.Locale
	token := ""
	open := func(ch Channel) string {
		way := v.carriers.Way(by.Business.ID, by.Mode, ch, region)
		if way.Reason != "" {
			return ""
		}
		if token == "" {
			token = v.desk.verificationToken(ver.ID)
		}
		return v.doors.url(way, token, of)
	}
	return open(Telegram), open(WhatsApp)
}

// Check offers a code. An unknown or foreign id is ErrNotFound; every other
// outcome, a wrong code included, is a result.
func (v *Verifications) Check(ctx context.Context, by Caller, id ID, typed string, bound map[string]Param, key *IdempotencyKey) (CheckResult, error) {
	guess, ok := NormaliseCode(typed)
	if !ok {
		return CheckResult{}, invalid("code_unreadable", "/code", "Send the code as the user typed it, without control characters.")
	}
	bound, err := canonicalContext(bound)
	if err != nil {
		return CheckResult{}, err
	}
	var (
		result            CheckResult
		repeated, keyGone bool
		told              []Delivery
	)
	once := key.once("verifications.check:"+string(id), keepCheck)
	err = v.ledger.Do(ctx, Op{
		Lane: LaneRequests, Ref: Ref{Verification: id}, BusinessID: by.Business.ID, Mode: by.Mode, Once: once,
		Decide: func(c *Case) error {
			result, told = CheckResult{}, nil
			var err error
			if repeated, err = recall(c, once, &result); repeated || err != nil {
				return err
			}
			if result, err = v.desk.check(c, guess, bound); err != nil {
				return err
			}
			if keyGone = c.keyGone; result.Valid {
				told = c.unlinked()
			}
			return remember(c, once, result)
		},
	})
	if err != nil {
		return CheckResult{}, err
	}
	if !repeated {
		v.checked(by.Mode, result)
		v.dispatcher.confirm(told, guess)
	}
	if keyGone {
		v.log.Error("a code's master key is not in the ring: put its line back", "verification", id)
	}
	return result, nil
}

// Resend sends the same code once more; an empty channel leaves the choice to
// the route.
func (v *Verifications) Resend(ctx context.Context, by Caller, id ID, ch Channel, key *IdempotencyKey) (*Case, error) {
	return v.change(ctx, by, id, key.once("verifications.resend:"+string(id), keepStart), func(c *Case) error {
		return v.desk.resend(c, ch)
	})
}

// Cancel ends a pending verification; canceling twice is the same as once.
func (v *Verifications) Cancel(ctx context.Context, by Caller, id ID, key *IdempotencyKey) (*Case, error) {
	return v.change(ctx, by, id, key.once("verifications.cancel:"+string(id), keepStart), func(c *Case) error {
		switch {
		case c.Verification.Status == Canceled:
		case c.Verification.Status == Pending && c.Now.Before(c.Verification.ExpiresAt):
			v.desk.end(c, Canceled, EndByBusiness)
		default:
			return &Error{Kind: KindConflict, Code: "verification_ended", Detail: "This verification is over and can no longer be canceled."}
		}
		return nil
	})
}

func (v *Verifications) change(ctx context.Context, by Caller, id ID, once *Once, decide func(*Case) error) (*Case, error) {
	var after *Case
	err := v.ledger.Do(ctx, Op{
		Lane: LaneRequests, Ref: Ref{Verification: id}, BusinessID: by.Business.ID, Mode: by.Mode, Once: once,
		Decide: func(c *Case) error {
			after = c
			var ref startedRef
			if found, err := recall(c, once, &ref); found || err != nil {
				return err
			}
			if err := decide(c); err != nil {
				return err
			}
			return remember(c, once, startedRef{id})
		},
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

// recall answers from what the op's key did before. Another request under the
// same key is refused.
func recall(c *Case, once *Once, into any) (bool, error) {
	if once == nil || c.Remembered == nil {
		return false, nil
	}
	if c.Remembered.Fingerprint != once.Fingerprint {
		return false, &Error{Kind: KindInvalid, Code: "key_reused", Detail: "This Idempotency-Key was used for another request. Use a new key for each request."}
	}
	return true, json.Unmarshal(c.Remembered.Result, into)
}

func remember[T any](c *Case, once *Once, result T) error {
	if once == nil {
		return nil
	}
	return c.Remember(once.Fingerprint, result)
}
