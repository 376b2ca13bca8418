package otpcore

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits of what an order shows.
const (
	maxItems    = 50
	maxQuantity = 100_000
	maxOrderID  = 64 // characters
)

var (
	// statusForm is a status of the business's own.
	statusForm = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)
	// orderIDForm is how shops number orders. It begins and ends with something
	// that is no space, so that it can be copied. How long it may be is counted
	// apart: written as {0,62} it would make every command start 3 ms later.
	orderIDForm = regexp.MustCompile(`^[\p{L}\p{N}#№/_.:()+-]([\p{L}\p{M}\p{N}#№/_.:()+ -]*[\p{L}\p{M}\p{N}#№/_.:()+-])?$`)
	// phoneRunForm is digits enough to be a phone. Goods have numbers, "1000 ml"
	// and "SM-A556", which no code and no phone looks like.
	phoneRunForm = regexp.MustCompile(`\p{N}([\p{Zs}\p{Pd}._()]*\p{N}){6,}`)
)

// draft checks an update without the database.
func (s *Orders) draft(by Caller, r OrderRequest) (orderDraft, Phone, error) {
	out, set := orderDraft{request: r}, by.Business.Settings
	phone, err := s.parse(by, r.Phone, r.Country)
	if err != nil {
		return out, phone, err
	}
	if by.Mode == Test {
		if err := trialStart(phone); err != nil {
			return out, phone, err
		}
	}
	for _, check := range []func() error{
		func() error { return checkOrderNumber(r.Number) },
		func() error { return checkStatus(r) },
		func() error { return checkItems(r.Items) },
		func() error { return checkTrackingURL(set, r.TrackingURL) },
		func() error {
			if r.Locale != "" && !WellFormedLocale(r.Locale) {
				return errLocale
			}
			return nil
		},
	} {
		if err := check(); err != nil {
			return out, phone, err
		}
	}
	out.news = OrderNews{Title: r.Title, TrackingURL: r.TrackingURL, SMSFallback: r.SMSFallback}
	if r.Locale != "" {
		out.news.Locale = s.renderer.Locale(r.Locale, set.Locale)
	}
	if out.news.Items, err = canonicalItems(r.Items); err != nil {
		return out, phone, err
	}
	if r.Total != nil {
		total, err := checkMoney("/total", Param{Money: r.Total})
		if err != nil {
			return out, phone, err
		}
		out.news.Total = total.Money
	}
	if err := s.draftRules(&out, by, phone); err != nil {
		return out, phone, err
	}
	out.handover, err = s.draftHandover(by, r, out.locale)
	return out, phone, err
}

// draftRules copies what the message goes by from the settings.
func (s *Orders) draftRules(out *orderDraft, by Caller, phone Phone) error {
	set, wanted := by.Business.Settings, out.request.Channels
	for i, ch := range wanted {
		if !ch.IsChat() || slices.Contains(wanted[:i], ch) {
			return invalid("channel_unknown", fmt.Sprintf("/channels/%d", i), "Name each of telegram and whatsapp at most once; sms_fallback asks for an SMS.")
		}
	}
	if len(wanted) == 0 {
		wanted = set.Route
	}
	if len(wanted) == 0 {
		wanted = Channels
	}
	n := &out.news
	n.Channels = wanted
	n.Paid = by.Mode == Test || slices.Contains(set.Countries, phone.Region())
	if n.SMSFallback && !n.Paid {
		return invalid("no_channel", "/sms_fallback", reasonCountry)
	}
	n.LinkProof, n.LinkMaxAge = or(set.LinkProof, ProofContact), or(set.LinkMaxAge, s.desk.rules.LinkMaxAge)
	n.Quiet, _ = ParseQuietHours(set.QuietHours, set.TimeZone)
	out.locale = or(n.Locale, s.renderer.Locale("", set.Locale))
	return nil
}

// draftHandover is the code that the update asks for, or nil.
func (s *Orders) draftHandover(by Caller, r OrderRequest, locale string) (*Verification, error) {
	if r.Handover == nil {
		return nil, nil
	}
	if r.Status.final() {
		return nil, invalid("handover_code_invalid", "/handover_code", "An order that is delivered, canceled or refunded has nothing left to hand over. Leave handover_code out.")
	}
	v := &Verification{
		BusinessID: by.Business.ID, Mode: by.Mode, Kind: KindHandover, Template: "handover", Locale: locale, OrderID: r.Number,
		CodeLength: handoverLength, TTL: handoverLife, WhenUnlinked: Wait, FallbackOn: Unconfirmed, LinkProof: ProofContact,
	}
	if r.Handover.Length != nil {
		v.CodeLength = *r.Handover.Length
	}
	if r.Handover.TTL != nil {
		v.TTL = *r.Handover.TTL
	}
	policy := s.desk.rules.policy(KindHandover)
	switch {
	case v.CodeLength < 4 || v.CodeLength > 8:
		return nil, invalid("code_length_out_of_range", "/handover_code/length", "Send a length of 4 to 8.")
	case v.TTL < policy.MinTTL || v.TTL > policy.MaxTTL:
		return nil, invalid("ttl_out_of_range", "/handover_code/ttl", fmt.Sprintf("Send a ttl of %d to %d whole seconds.", int(policy.MinTTL.Seconds()), int(policy.MaxTTL.Seconds())))
	}
	return v, nil
}

func checkOrderNumber(number string) error {
	switch {
	case utf8.RuneCountInString(number) > maxOrderID || !orderIDForm.MatchString(number) || LeadsAway(number):
		return invalid("order_id_invalid", "/order_id", "Send an order_id of up to 64 letters, digits, spaces and # № / _ . : ( ) + - that is no link.")
	case strings.Trim(number, "./\\ ") == "":
		return invalid("order_id_invalid", "/order_id", "Send an order_id with a letter or a digit.")
	case cardNumber(number):
		return invalid("pan_detected", "/order_id", "The value looks like a payment card number. Send a reference of yours instead.")
	}
	return nil
}

func checkStatus(r OrderRequest) error {
	switch {
	case r.Status.known() && r.Title != "":
		return invalid("title_not_allowed", "/title", "This status has its own text in every language. Leave title out, or use a status of your own.")
	case r.Template != "" && r.Title != "":
		return invalid("title_not_allowed", "/title", "The template has the words that the customer reads. Leave title out, or template.")
	case r.Status.known():
		return nil
	case !statusForm.MatchString(string(r.Status)):
		return invalid("invalid_value", "/order_status", "Send one of the statuses of the contract, or one of your own in small letters, digits and underscores.")
	case r.Template != "":
		return nil
	case r.Title == "":
		return invalid("title_missing", "/title", "A status of your own needs a title, the words that the customer reads, or a template.")
	}
	return checkWords("/title", r.Title, 64)
}

func checkItems(items []OrderItem) error {
	if len(items) > maxItems {
		return invalid("items_too_many", "/items", fmt.Sprintf("Send at most %d items.", maxItems))
	}
	for i, item := range items {
		at := fmt.Sprintf("/items/%d", i)
		if err := checkGoods(at+"/name", item.Name); err != nil {
			return err
		}
		if item.Quantity < 0 || item.Quantity > maxQuantity {
			return invalid("quantity_out_of_range", at+"/quantity", fmt.Sprintf("Send a quantity of 1 to %d.", maxQuantity))
		}
	}
	return nil
}

// checkGoods is checkWords for the names of goods, in which digits are common.
func checkGoods(at, name string) error {
	return checkLine(at, name, 64, phoneRunForm, "Send text without links, addresses and runs of seven or more digits.")
}

func canonicalItems(items []OrderItem) ([]OrderItem, error) {
	var out []OrderItem
	for i, item := range items {
		if item.Price != nil {
			price, err := checkMoney(fmt.Sprintf("/items/%d/price", i), Param{Money: item.Price})
			if err != nil {
				return nil, err
			}
			item.Price = price.Money
		}
		out = append(out, item)
	}
	return out, nil
}
