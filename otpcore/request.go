package otpcore

import (
	"fmt"
	"slices"
	"time"
)

// Caller is who asks: a business through one of its keys.
type Caller struct {
	Business *Business
	Mode     Mode
}

// IdempotencyKey is a client's promise that equal keys are one request. The
// fingerprint tells a repeat from another request under the same key.
type IdempotencyKey struct {
	Key         string
	Fingerprint [32]byte
}

// Once is the promise for a route, kept for a day; nil for no key.
func (k *IdempotencyKey) Once(route string) *Once { return k.once(route, keepStart) }

func (k *IdempotencyKey) once(route string, keep time.Duration) *Once {
	if k == nil {
		return nil
	}
	return &Once{Route: route, Key: k.Key, Fingerprint: k.Fingerprint, Keep: keep}
}

// StartRequest asks for a code. Pointers and empty strings mean "as the
// business's settings say".
type StartRequest struct {
	Phone         string
	Country       string
	Channels      []Channel
	WhenUnlinked  WhenUnlinked
	FallbackAfter *time.Duration
	FallbackOn    FallbackOn
	TTL           *time.Duration
	CodeLength    *int
	Code          string // the business's own
	Locale        string
	Template      string
	Params        map[string]Param
	Context       map[string]Param
	OrderID       string
	ClientIP      string
	Metadata      map[string]string
	ReturnURL     string // where a button in the chat leads back to
	Idempotency   *IdempotencyKey
}

// defaultTemplate is what a start that names no template says.
const defaultTemplate = "login"

// draft turns a request into a verification that only lacks its id, its times
// and its secrets. It refuses whatever can be refused without the database.
func (v *Verifications) draft(by Caller, r StartRequest, said *wording, phone Phone) (Verification, error) {
	set, spec := by.Business.Settings, said.spec
	out := Verification{
		BusinessID: by.Business.ID, Mode: by.Mode, Kind: KindCode,
		Locale: said.locale(v.renderer, r.Locale, set.Locale), Template: spec.Key, TemplateVersion: said.version,
		OrderID: r.OrderID, ClientIP: r.ClientIP, Metadata: r.Metadata, ReturnURL: r.ReturnURL,
		WhenUnlinked: r.WhenUnlinked, FallbackOn: or(r.FallbackOn, or(set.FallbackOn, Unconfirmed)),
	}
	if err := checkChoices(r); err != nil {
		return out, err
	}
	if err := v.draftTimes(&out, r, set); err != nil {
		return out, err
	}
	if !said.exists() || said.spec.Kind != TemplateOfCode {
		return out, &Error{Kind: KindNotFound, Code: "template_unknown", Field: "/template", Detail: "No template has this name. Use login, registration, payment, order_confirm, document_access or one that you made."}
	}
	if err := v.draftTexts(&out, r, spec); err != nil {
		return out, err
	}
	if err := draftCode(&out, r, set, v.desk.rules); err != nil {
		return out, err
	}
	if err := checkClientIP(r.ClientIP); err != nil {
		return out, err
	}
	if err := checkMetadata(r); err != nil {
		return out, err
	}
	if err := checkReturnURL(set, r.ReturnURL); err != nil {
		return out, err
	}
	out.LinkProof = ProofContact
	if spec.Proof == ProofSMS || set.LinkProof == ProofSMS {
		out.LinkProof = ProofSMS
	}
	out.LinkNotBefore = v.ledger.Now().Add(-or(set.LinkMaxAge, v.desk.rules.LinkMaxAge))
	return out, v.draftRoute(&out, r, set, phone)
}

func checkChoices(r StartRequest) error {
	switch {
	case r.Locale != "" && !WellFormedLocale(r.Locale):
		return errLocale
	case !r.WhenUnlinked.known():
		return errWhenUnlinked
	case !r.FallbackOn.known():
		return errFallbackOn
	}
	return nil
}

func (v *Verifications) draftTimes(out *Verification, r StartRequest, set Settings) error {
	policy := v.desk.rules.policy(out.Kind)
	out.TTL = or(set.TTL, v.desk.rules.TTL)
	if r.TTL != nil {
		out.TTL = *r.TTL
	}
	if out.TTL < policy.MinTTL || out.TTL > policy.MaxTTL {
		return invalid("ttl_out_of_range", "/ttl", fmt.Sprintf("Send a ttl of %d to %d whole seconds.", int(policy.MinTTL.Seconds()), int(policy.MaxTTL.Seconds())))
	}
	out.FallbackAfter = v.desk.rules.fallbackAfter(set, out.TTL)
	if r.FallbackAfter == nil {
		return nil
	}
	out.FallbackAfter = *r.FallbackAfter
	if out.FallbackAfter < 10*time.Second || out.FallbackAfter > 300*time.Second || out.FallbackAfter > out.TTL {
		return invalid("fallback_after_out_of_range", "/fallback_after", "Send a fallback_after of 10 to 300 whole seconds, and at most the ttl.")
	}
	return nil
}

// draftRoute fixes the channels: as asked, else as the business prefers, else
// all of them, limited to what is configured and allowed for the phone.
func (v *Verifications) draftRoute(out *Verification, r StartRequest, set Settings, phone Phone) error {
	wanted := r.Channels
	if len(wanted) == 0 {
		wanted = set.Route
	}
	if len(wanted) == 0 {
		wanted = Channels
	}
	out.Phone.Region = phone.Region()
	out.Paid = out.Mode == Test || slices.Contains(set.Countries, out.Phone.Region)
	out.Route = make([]Channel, 0, len(wanted))
	var reasons []string
	for i, ch := range wanted {
		if !slices.Contains(Channels, ch) {
			return invalid("channel_unknown", fmt.Sprintf("/channels/%d", i), "Name channels out of telegram, whatsapp and sms.")
		}
		if slices.Contains(wanted[:i], ch) {
			return invalid("channel_twice", fmt.Sprintf("/channels/%d", i), "Name each channel once.")
		}
		if why := v.unavailable(out, ch); why != "" {
			reasons = append(reasons, why)
			continue
		}
		out.Route = append(out.Route, ch)
	}
	if len(out.Route) == 0 {
		return noChannel(wanted, reasons)
	}
	switch {
	case !slices.Contains(out.Route, SMS):
		out.WhenUnlinked = Wait
	case out.WhenUnlinked == "":
		out.WhenUnlinked = or(set.WhenUnlinked, SMSNow)
	}
	return nil
}

// noChannel says of each channel why it is not in the route.
func noChannel(wanted []Channel, reasons []string) error {
	err := &Error{
		Kind: KindInvalid, Code: "no_channel", Field: "/channels",
		Detail: "Nothing that is configured could carry this code. Register a bot with POST /v1/bots, or add an SMS provider and the phone's country to the settings.",
	}
	for i, ch := range wanted {
		err.Errors = append(err.Errors, FieldError{Field: fmt.Sprintf("/channels/%d", i), Code: string(ch), Detail: reasons[i]})
	}
	return err
}

const reasonCountry = "The phone's country is not on the list of countries in the settings."

// unavailable says why the channel cannot carry a code to the phone.
func (v *Verifications) unavailable(out *Verification, ch Channel) string {
	if ch.Paid() && !out.Paid {
		return reasonCountry
	}
	way := v.desk.way(out, ch)
	switch {
	case way.Reason != "":
		return way.Reason
	case len(out.Context) > 0 && !way.Capabilities.FreeText:
		return "The channel sends fixed texts only and cannot show what the code confirms."
	case way.ByPhone && out.LinkProof == ProofSMS:
		return "The channel reaches the bare number only, and this text asks for a link that an SMS has proven."
	case way.Capabilities.CodeDigits > 0 && out.CodeLength > way.Capabilities.CodeDigits:
		return fmt.Sprintf("The channel carries codes of at most %d digits.", way.Capabilities.CodeDigits)
	}
	return ""
}

// or returns the value unless it is zero, else the fallback.
func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
