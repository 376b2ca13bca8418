package otpcore

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	localeForm  = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// WellFormedLocale reports whether the text has the shape of a BCP 47 tag.
// Whether there are texts for it is another question.
func WellFormedLocale(tag string) bool { return len(tag) <= 35 && localeForm.MatchString(tag) }

// What starts and settings refuse alike.
var (
	errLocale       = invalid("locale_invalid", "/locale", "Send a language tag (BCP 47), for example ru or kk-KZ.")
	errWhenUnlinked = invalid("when_unlinked_invalid", "/when_unlinked", "Send sms_now or wait.")
	errFallbackOn   = invalid("fallback_on_invalid", "/fallback_on", "Send unconfirmed or undelivered.")
)

func checkName(name string) error {
	if strings.ContainsAny(name, "/@") || strings.Contains(strings.ToLower(name), "www.") {
		return invalid("name_invalid", "/name", "Give the name without an address: it stands in every message, where nothing may lead people away.")
	}
	if utf8.RuneCountInString(name) > 64 || strings.TrimSpace(name) == "" {
		return invalid("name_invalid", "/name", "Give the business a name of 1 to 64 characters, as its users know it.")
	}
	for _, r := range name {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return invalid("name_invalid", "/name", "Give the name in plain characters, without control or direction marks.")
		}
	}
	return nil
}

// checkSettings refuses what a start could not work with. Zero values stand
// for the installation's defaults.
func (b *Businesses) checkSettings(s Settings) error {
	for i, c := range s.Countries {
		if !countryForm.MatchString(c) {
			return invalid("country_invalid", fmt.Sprintf("/countries/%d", i), "Name countries by their two capital letters (ISO 3166), for example KZ.")
		}
	}
	for i, ch := range s.Route {
		if !slices.Contains(Channels, ch) || slices.Contains(s.Route[:i], ch) {
			return invalid("channel_unknown", fmt.Sprintf("/route/%d", i), "Name each of telegram, whatsapp and sms at most once.")
		}
	}
	switch {
	case s.DefaultCountry != "" && !countryForm.MatchString(s.DefaultCountry):
		return invalid("country_invalid", "/default_country", "Name the country by its two capital letters (ISO 3166), for example KZ.")
	case s.Locale != "" && !WellFormedLocale(s.Locale):
		return errLocale
	case s.Currency != "" && !currencyForm.MatchString(s.Currency):
		return invalid("currency_invalid", "/currency", "Send the currency's three capital letters (ISO 4217), for example KZT.")
	case !s.WhenUnlinked.known():
		return errWhenUnlinked
	case !s.FallbackOn.known():
		return errFallbackOn
	case s.LinkProof != "" && s.LinkProof != ProofContact && s.LinkProof != ProofSMS:
		return invalid("link_proof_invalid", "/link_proof", "Send contact or sms.")
	case utf8.RuneCountInString(s.SupportText) > 500:
		return invalid("support_text_too_long", "/support_text", "Send a support text of at most 500 characters.")
	}
	if s.TimeZone != "" {
		if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "Local" {
			return invalid("time_zone_invalid", "/time_zone", "Send a time zone by its IANA name, for example Asia/Almaty.")
		}
	}
	if err := checkHosts("return_host_invalid", "/return_hosts", s.ReturnHosts); err != nil {
		return err
	}
	if err := checkEnding(s); err != nil {
		return err
	}
	if err := checkHosts("link_host_invalid", "/link_hosts", s.LinkHosts); err != nil {
		return err
	}
	if _, ok := ParseQuietHours(s.QuietHours, s.TimeZone); !ok {
		return invalid("quiet_hours_invalid", "/quiet_hours", "Send two times of the day, for example 22:00-08:00, or an empty text for none.")
	}
	return b.checkNumbers(s)
}

// appHashForm is what Google Play services make of an app's package and
// certificate: 66 bits in Base64 (SMS Retriever API, "Computing your app's hash
// string").
var appHashForm = regexp.MustCompile(`^[A-Za-z0-9+/]{11}$`)

// checkEnding refuses last lines of SMS that no phone would understand. A host
// is one that the business has registered: browsers offer the code there.
func checkEnding(s Settings) error {
	if s.SMSOrigin != "" && !slices.Contains(s.ReturnHosts, s.SMSOrigin) {
		return invalid("invalid_value", "/sms_origin", "Name one of the hosts in return_hosts, on whose page the code is typed, or an empty text.")
	}
	if s.SMSAppHash != "" && !appHashForm.MatchString(s.SMSAppHash) {
		return invalid("invalid_value", "/sms_app_hash", "Send the 11 characters that identify your Android app, or an empty text.")
	}
	return nil
}

func (b *Businesses) checkNumbers(s Settings) error {
	ttl, policy := or(s.TTL, b.rules.TTL), b.rules.policy(KindCode)
	switch {
	case ttl < policy.MinTTL || ttl > policy.MaxTTL:
		return invalid("ttl_out_of_range", "/ttl", fmt.Sprintf("Send a ttl of %d to %d whole seconds.", int(policy.MinTTL.Seconds()), int(policy.MaxTTL.Seconds())))
	case s.FallbackAfter != 0 && (s.FallbackAfter < 10*time.Second || s.FallbackAfter > 300*time.Second || s.FallbackAfter > ttl):
		return invalid("fallback_after_out_of_range", "/fallback_after", "Send a fallback_after of 10 to 300 whole seconds, and at most the ttl.")
	case s.CodeLength != 0 && (s.CodeLength < min(6, b.rules.CodeLength) || s.CodeLength > 10):
		return invalid("code_length_out_of_range", "/code_length", fmt.Sprintf("Send a code_length of %d to 10.", min(6, b.rules.CodeLength)))
	case s.LinkMaxAge != 0 && (s.LinkMaxAge < 7*day || s.LinkMaxAge > 365*day):
		return invalid("link_max_age_out_of_range", "/link_max_age_days", "Send 7 to 365 days.")
	}
	return nil
}

// InForce returns the settings with the installation's defaults in place of
// what the business left open.
func (b *Businesses) InForce(business *Business) Settings {
	s := business.Settings
	s.Locale = b.renderer.Locale(s.Locale, "")
	s.TimeZone = or(s.TimeZone, "UTC")
	s.Currency = or(s.Currency, "USD")
	s.WhenUnlinked = or(s.WhenUnlinked, SMSNow)
	s.TTL = or(s.TTL, b.rules.TTL)
	s.FallbackAfter = b.rules.fallbackAfter(s, s.TTL)
	s.FallbackOn = or(s.FallbackOn, Unconfirmed)
	s.CodeLength = or(s.CodeLength, b.rules.CodeLength)
	s.LinkMaxAge = or(s.LinkMaxAge, b.rules.LinkMaxAge)
	s.LinkProof = or(s.LinkProof, ProofContact)
	if len(s.Route) == 0 {
		s.Route = Channels
	}
	return s
}
