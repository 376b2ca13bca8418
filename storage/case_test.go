package storage

import (
	"cmp"
	"slices"

	"otpravka/otpcore"
)

// A decision has the rows of its case read in one exchange. Tests read them
// one by one.

func (s *session) verification(id otpcore.ID) (*otpcore.Verification, error) {
	return one(s, scanVerification, selectVerification, string(id))
}

func (s *session) delivery(id otpcore.ID) (*otpcore.Delivery, error) {
	return one(s, scanDelivery, selectDelivery, string(id))
}

// deliveriesOf returns the deliveries oldest first.
func (s *session) deliveriesOf(verification otpcore.ID) ([]*otpcore.Delivery, error) {
	list, err := all(s, scanDelivery, deliveriesOf, string(verification))
	slices.SortFunc(list, func(a, b *otpcore.Delivery) int { return cmp.Compare(a.ID, b.ID) })
	return list, err
}
