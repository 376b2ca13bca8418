package storage

import (
	"slices"
	"testing"

	"otpravka/otpcore"
)

// TestOrdersOfOneLinkTakeTurns: whoever blocks the bot ends the link for both of
// the orders that are told so, one after the other.
func TestOrdersOfOneLinkTakeTurns(t *testing.T) {
	shop, phone := otpcore.ID("biz_1"), otpcore.Index{7}
	link := &otpcore.Link{BusinessID: shop, Phone: otpcore.SealedPhone{Index: phone}}
	order := func(id otpcore.ID, links ...*otpcore.Link) *file {
		return &file{ofOrder: true, order: &otpcore.Order{ID: id, BusinessID: shop}, phoneRows: phoneRows{links: links}}
	}
	code := &file{phoneRows: phoneRows{standing: &otpcore.Standing{BusinessID: shop, Phone: phone}}}
	meet := func(a, b *file) bool {
		return slices.ContainsFunc(a.shared(), func(key any) bool { return slices.Contains(b.shared(), key) })
	}
	first := order("ord_1", link)
	for what, tt := range map[string]struct {
		other *file
		want  bool
	}{
		"another order of the phone": {order("ord_2", link), true},
		"a code of the phone":        {code, true},
		"an order without a link":    {order("ord_3"), false},
	} {
		if got := meet(first, tt.other); got != tt.want {
			t.Errorf("%s takes turns: %t", what, got)
		}
	}
}
