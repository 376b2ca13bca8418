package otpcore

import (
	"fmt"
	"log/slog"
	"strings"
	"unique"
)

// Phone is a canonical phone number. It prints masked wherever it is
// formatted, logged or marshalled; only E164 gives the number. Two phones are
// equal when their number and region are.
//
// The number lies behind a handle because fmt calls no methods on unexported
// fields of other structs: all it finds there is an address.
type Phone struct {
	number unique.Handle[string]
	region string
}

// NewPhone wraps a number that a PhoneParser has made canonical, with its
// ISO 3166 region, for example "+79161234567" and "RU".
func NewPhone(e164, region string) Phone {
	if e164 == "" {
		return Phone{region: region}
	}
	return Phone{number: unique.Make(e164), region: region}
}

// E164 returns the whole number with its plus sign. Only senders, the sealing
// port and answers to the business that gave the number may use it.
func (p Phone) E164() string {
	if p.IsZero() {
		return ""
	}
	return p.number.Value()
}

// Region returns the ISO 3166 code of the number's country, "001" for numbers
// of no country.
func (p Phone) Region() string { return p.region }

// IsZero reports whether no number is held.
func (p Phone) IsZero() bool { return p.number == unique.Handle[string]{} }

// String returns the number without its middle: +7916•••4567.
func (p Phone) String() string {
	number := p.E164()
	n := len(number)
	if n < 9 {
		return "•••"
	}
	return number[:n-7] + "•••" + number[n-4:]
}

// Short returns what its holder tells the number by, for texts that people
// read: the calling code, three digits at most, and the last two, as in
// "+7 777 •••12". Of short numbers it shows fewer, so that four digits always
// stay hidden.
func (p Phone) Short() string {
	number := strings.TrimPrefix(p.E164(), "+")
	country := callingCodeLen(number)
	if len(number) < country+6 {
		return "•••"
	}
	national := number[country:]
	out := "+" + number[:country] + " "
	if shown := min(3, len(national)-6); shown > 0 {
		out += national[:shown] + " "
	}
	return out + "•••" + national[len(national)-2:]
}

// twoDigitCodes are the calling codes of two digits, by their first one. Codes
// of zones 1 and 7 have one digit, all others three
// (https://www.itu.int/pub/T-SP-E.164D).
var twoDigitCodes = [10]string{2: "07", 3: "0123469", 4: "013456789", 5: "12345678", 6: "0123456", 8: "1246", 9: "0123458"}

func callingCodeLen(number string) int {
	switch {
	case number == "":
		return 0
	case number[0] == '1' || number[0] == '7':
		return 1
	case len(number) > 1 && strings.IndexByte(twoDigitCodes[(number[0]-'0')%10], number[1]) >= 0:
		return 2
	}
	return 3
}

// GoString masks like String.
func (p Phone) GoString() string { return p.String() }

// Format masks under every verb.
func (p Phone) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.String())) }

// MarshalText masks in JSON and in text formats.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// LogValue masks in structured logs.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.String()) }

// PhoneParser makes numbers canonical. Implementations refuse what cannot
// receive a code with an Error whose Code tells why (phone_invalid,
// phone_needs_plus, phone_impossible, phone_has_extension_or_prefix,
// region_not_allowed, sms_not_supported_for_type), and they give two
// spellings of one number the same E164, because every limit counts by it.
type PhoneParser interface {
	// ParsePhone reads raw as E.164, or as a national number when country
	// (ISO 3166, may be empty) is given.
	ParsePhone(raw, country string) (Phone, error)
}

// SealedPhone is a phone as it rests in the database: the blind index finds
// it, the sealed value gives it back to whoever holds the master key, the
// region stays readable for statistics.
type SealedPhone struct {
	Index  Index
	Sealed []byte
	Region string
}
