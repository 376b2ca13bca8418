package otpcore

import (
	"regexp"
	"unicode"
)

// cardForm tells payment cards by the ranges and lengths that their issuers use
// (ISO/IEC 7812-1, and the pages of the brands): Visa; American Express, Diners and
// JCB; Mir and Mastercard; Mastercard and Maestro; Maestro, UnionPay and Discover;
// Uzcard, Elcart, Troy and Humo. It keeps out most times, counters and long ids, of
// which every tenth passes Luhn's check; goods' numbers (EAN-13), which is why Visa's
// of thirteen digits, long extinct, are none; and IMEIs, which all pass it.
var cardForm = regexp.MustCompile(`^(?:4[0-9]{15}|4[0-9]{18}|3[47][0-9]{13}|3(?:0[0-5]|[689][0-9])[0-9]{11}|35(?:2[89]|[3-8][0-9])[0-9]{12}|2[2-7][0-9]{14}|5[0-9]{15}|6[0-9]{14,18}|(?:8600|9417|9792|9860)[0-9]{12})$`)

const (
	shortestCard, longestCard = 14, 19
	// shortestGroup is how many digits a group has where a card's number is written
	// in groups, the last one apart. Those of dates and times have two.
	shortestGroup = 4
	// widestGap is how many marks may stand between two groups, as in " - ".
	widestGap = 3
)

// cardNumber reports whether the text holds a payment card's number: digits of any
// script, in one piece or in groups.
func cardNumber(text string) bool {
	if len(text) < shortestCard {
		return false
	}
	var groups []string
	gap := 0
	for _, r := range text {
		digit, ok := digitOf(r)
		switch {
		case ok && (gap > 0 || len(groups) == 0):
			groups, gap = append(groups, string(digit)), 0
		case ok:
			groups[len(groups)-1] += string(digit)
		case gap < widestGap && separates(r):
			gap++
		default:
			if anyCard(groups) {
				return true
			}
			groups, gap = nil, 0
		}
	}
	return anyCard(groups)
}

// anyCard reports whether some neighbouring groups make a card's number.
func anyCard(groups []string) bool {
	for i := range groups {
		number := ""
		for _, group := range groups[i:] {
			if number += group; len(number) > longestCard {
				break
			}
			if cardForm.MatchString(number) && luhn(number) {
				return true
			}
			if len(group) < shortestGroup {
				break
			}
		}
	}
	return false
}

// separates reports what people and programs put between the groups. What stands
// between two numbers of a list does not.
func separates(r rune) bool {
	return r == '.' || r == '/' || r == '·' || unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r)
}

// digitOf returns the ASCII digit of a decimal digit of any script.
func digitOf(r rune) (byte, bool) {
	if !unicode.IsDigit(r) {
		return 0, false
	}
	return '0' + byte(digitValue(r)), true
}

func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		n := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}
