package keyring

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
)

// CheckValue names the ring's oldest key and proves that it is the same key,
// without telling anything else of it. A database keeps it from its first start
// on and hands it to Matches at every other one.
func (r *Ring) CheckValue() string { return r.oldest().checkValue() }

func (m *master) checkValue() string {
	sum := m.check.sum("database")
	return m.id.String() + "." + hex.EncodeToString(sum[:16])
}

// Matches returns nil when the ring is the one whose CheckValue a database
// keeps, or has only got newer keys in front since. Otherwise the error says
// what the operator has to do. Starting anyway would find no phone and open no
// value.
func (r *Ring) Matches(checkValue string) error {
	same := func(m *master) bool {
		return subtle.ConstantTimeCompare([]byte(m.checkValue()), []byte(checkValue)) == 1
	}
	if same(r.oldest()) {
		return nil
	}
	id, _, _ := strings.Cut(checkValue, ".")
	for i := range r.masters {
		if same(&r.masters[i]) {
			return fmt.Errorf("the database was begun with key %s, which must be the last in %s: move it there, below newer keys", id, r.source)
		}
	}
	return fmt.Errorf("the database was sealed with key %s, which is not in %s: put the key back that was used before", id, r.source)
}
