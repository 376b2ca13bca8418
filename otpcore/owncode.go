package otpcore

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
)

var ownCodeForm = regexp.MustCompile(`^[0-9A-Z]{6,10}$`)

// ownCodeAttempts bounds the guesses at a code that a business chose: nobody
// knows how well it was chosen.
const ownCodeAttempts = 3

// draftCode fixes the code's length, from the business's own code where there
// is one.
func draftCode(out *Verification, r StartRequest, set Settings, rules Rules) error {
	out.CodeLength = or(set.CodeLength, rules.CodeLength)
	if r.CodeLength != nil {
		out.CodeLength = *r.CodeLength
	}
	if out.CodeLength < 4 || out.CodeLength > 10 || out.CodeLength < min(rules.CodeLength, 6) {
		return invalid("code_length_out_of_range", "/code_length", fmt.Sprintf("Send a code_length of %d to 10.", max(4, min(rules.CodeLength, 6))))
	}
	if r.Code == "" {
		return nil
	}
	switch {
	case r.CodeLength != nil:
		return invalid("code_and_length", "/code_length", "Send either a code of your own or a code_length.")
	case !ownCodeForm.MatchString(r.Code):
		return invalid("code_invalid", "/code", "Send 6 to 10 digits or capital letters, or leave the code to us.")
	case guessable(r.Code):
		return invalid("code_guessable", "/code", "Choose symbols that neither repeat nor run in sequence, or leave the code to us.")
	}
	out.CodeLength = len(r.Code)
	return nil
}

// guessable reports codes whose symbols are all equal or run up or down.
func guessable(code string) bool {
	step := int(code[1]) - int(code[0])
	if step < -1 || step > 1 {
		return false
	}
	for i := 1; i < len(code); i++ {
		if int(code[i])-int(code[i-1]) != step {
			return false
		}
	}
	return true
}

// checkClientIP accepts an address as net/netip reads it, without a zone: a zone
// means something on one machine only.
func checkClientIP(ip string) error {
	if ip == "" {
		return nil
	}
	if addr, err := netip.ParseAddr(ip); err != nil || addr.Zone() != "" {
		return invalid("client_ip_invalid", "/client_ip", "Send an IPv4 or IPv6 address, for example 203.0.113.7, or leave client_ip out.")
	}
	return nil
}

// checkMetadata keeps what a business attaches small, and card numbers out:
// one of those would bring the whole installation under PCI DSS.
func checkMetadata(r StartRequest) error {
	if len(r.Metadata) > 16 {
		return invalid("metadata_too_large", "/metadata", "Send at most 16 keys.")
	}
	for k, val := range r.Metadata {
		if k == "" || len(k) > 40 || len(val) > 500 {
			return invalid("metadata_too_large", "/metadata", "Send keys of 1 to 40 bytes and values of at most 500.")
		}
		if cardNumber(k) || cardNumber(val) {
			return invalid("pan_detected", "/metadata", "A value looks like a payment card number. Send a reference of yours instead.")
		}
	}
	if len(r.OrderID) > 64 {
		return invalid("order_id_too_long", "/order_id", "Send an order_id of at most 64 bytes.")
	}
	if strings.ContainsFunc(r.OrderID, reorders) {
		return invalid("control_character", "/order_id", "Send an order_id without characters that change the direction of text.")
	}
	if cardNumber(r.OrderID) {
		return invalid("pan_detected", "/order_id", "The value looks like a payment card number. Send a reference of yours instead.")
	}
	return nil
}

// reorders reports the characters that make a text read otherwise than it is
// stored (Unicode UAX #9), wherever it is shown.
func reorders(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }
