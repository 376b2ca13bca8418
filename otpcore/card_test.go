package otpcore

import "testing"

// The numbers are the card brands' published test cards.
func TestCardNumbers(t *testing.T) {
	for text, want := range map[string]bool{
		"4111111111111111":                     true,
		"4111 1111 1111 1111":                  true,
		"4111-1111-1111-1111":                  true,
		"5555555555554444":                     true,
		"378282246310005":                      true,
		"30569309025904":                       true,
		"2200000000000004":                     true,
		"6304000000000000000":                  true,
		"8600000000000007":                     true,
		"paid 4111111111111111 2024":           true,
		"4111.1111.1111.1111":                  true,
		"4111/1111/1111/1111":                  true,
		"4111 - 1111 - 1111 - 1111":            true,
		"4111\u00a01111\u00a01111\u00a01111":   true,
		"4111–1111–1111–1111":                  true,
		"4111  1111\t1111\u200b1111":           true,
		"41111111 11111111":                    true,
		"3782 822463 10005":                    true,
		"3530111333300000":                     true,
		"356938035643809":                      false, // a phone's number (IMEI), which passes it
		"4600000158389":                        false, // a book's number (EAN-13), which passes it
		"4021_20261122_0004":                   false, // shop, day and time, which pass it
		"４１１１１１１１１１１１１１１１":                     true,
		"٤١١١ ١١١١ ١١١١ ١١١١":                  true,
		"ref-77: 4111 1111 1111 1111, paid":    true,
		"5580 3500 0000 0000":                  false, // fails Luhn's check
		"22.11.2026 - 18.11.2026":              false, // dates, which pass it
		"23000, 30000, 40002":                  false, // a list, which passes it
		"7301234567890123400":                  false, // an id, which passes it
		"12 4111111111111111":                  true,
		"4111111111111112":                     false,
		"77011234567":                          false,
		"1763841600002":                        false, // a time in milliseconds that passes Luhn's check
		"0000000000000000":                     false,
		"411111111111":                         false,
		"41111111111111111111111111":           false,
		"2026-11-22 12:00":                     false,
		"0193a4b2-5c6d-7e8f-9a0b-1c2d3e4f5a6b": false,
		"":                                     false,
	} {
		if got := cardNumber(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for _, other := range []string{"1763841600002", "2211202618112026", "230003000040002", "7301234567890123400", "356938035643809", "4600000158389", "4021202611220004"} {
		if !luhn(other) {
			t.Errorf("%s does not pass Luhn's check, so it shows nothing", other)
		}
	}
}
