package otpcore

import (
	"strings"
	"testing"
)

func TestOrderNumbersOfShops(t *testing.T) {
	for number, fits := range map[string]bool{
		"1": true, "A-1001/7": true, "№ 2026-15 (б)": true, "#77+1": true, "हिन्दी 7": true,
		strings.Repeat("7a", 32): true, strings.Repeat("№", 63) + "1": true,
		strings.Repeat("7a", 32) + "b": false, strings.Repeat("№", 64) + "1": false,
		"": false, " 1": false, "1 ": false, "1\n": false, "1\x002": false, "1;2": false, "a\u200bb": false,
	} {
		if err := checkOrderNumber(number); (err == nil) != fits {
			t.Errorf("%q: %v", number, err)
		}
	}
}
