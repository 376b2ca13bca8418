package otpcore

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"sync"
	"time"
)

// ID is a TypeID: a prefix that names the kind of thing, "_", and a UUIDv7 in
// 26 characters of Crockford's base32 (https://github.com/jetify-com/typeid,
// RFC 9562). Ids sort by creation time, so inserts stay at the end of an index.
type ID string

// Prefixes of all ids that Otpravka hands out.
const (
	PrefixBusiness     = "biz"
	PrefixKey          = "key"
	PrefixBot          = "bot"
	PrefixVerification = "vrf"
	PrefixDelivery     = "dlv"
	PrefixEvent        = "evt"
	PrefixLink         = "lnk"
	PrefixEndpoint     = "whk"
	PrefixPosting      = "pst"
	PrefixOrder        = "ord"
	PrefixOrderUpdate  = "upd"
	PrefixBoot         = "run" // one start of one process
)

const (
	idAlphabet  = "0123456789abcdefghjkmnpqrstvwxyz"
	idSuffixLen = 26
)

// idValues are the values of the alphabet's symbols; other bytes have noIDValue.
var idValues = func() (values [256]uint8) {
	for b := range values {
		values[b] = noIDValue
	}
	for v := range len(idAlphabet) {
		values[idAlphabet[v]] = uint8(v)
	}
	return values
}()

const noIDValue = 0xff

// NewID returns a fresh id with 62 random bits behind its place in time. Ids
// that one process makes for the same millisecond sort in the order of their
// making (RFC 9562, section 6.2, method 1), so that what one decision does
// stays in order.
func NewID(prefix string, now time.Time) ID {
	var u [16]byte
	// crypto/rand.Read never fails: it ends the process instead.
	_, _ = rand.Read(u[6:])
	ms := uint64(now.UnixMilli())
	binary.BigEndian.PutUint32(u[0:4], uint32(ms>>16))
	binary.BigEndian.PutUint16(u[4:6], uint16(ms))
	binary.BigEndian.PutUint16(u[6:8], 0x7000|idOrder.next(ms, binary.BigEndian.Uint16(u[6:8])))
	u[8] = u[8]&0x3f | 0x80
	return FormatID(prefix, u)
}

// order counts the ids of one millisecond in twelve bits. It starts each at a
// random place in their lower half, which leaves room for 2,048 ids.
type order struct {
	mu   sync.Mutex
	ms   uint64
	last uint16
}

var idOrder order

func (o *order) next(ms uint64, random uint16) uint16 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ms != o.ms || o.last == 0x0fff {
		o.ms, o.last = ms, random&0x07ff
		return o.last
	}
	o.last++
	return o.last
}

// FormatID returns the id that stands for u.
func FormatID(prefix string, u [16]byte) ID {
	var s [idSuffixLen]byte
	hi, lo := binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
	for i := idSuffixLen - 1; i >= 0; i-- {
		s[i] = idAlphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return ID(prefix + "_" + string(s[:]))
}

// ParseID accepts exactly the spelling that NewID produces: the given prefix,
// lower case, 26 characters, no value beyond 128 bits. Anything else is false,
// so an id has one spelling and can be a key.
func ParseID(prefix, s string) (ID, bool) {
	suffix, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(suffix) != idSuffixLen || suffix[0] > '7' {
		return "", false
	}
	for i := range len(suffix) {
		if idValues[suffix[i]] == noIDValue {
			return "", false
		}
	}
	return ID(s), true
}

// UUID returns the 16 bytes behind the id, zeros for an id that ParseID would
// refuse.
func (id ID) UUID() [16]byte {
	var u [16]byte
	_, suffix, ok := strings.Cut(string(id), "_")
	if !ok || len(suffix) != idSuffixLen || suffix[0] > '7' {
		return u
	}
	var hi, lo uint64
	for i := range len(suffix) {
		v := idValues[suffix[i]]
		if v == noIDValue {
			return [16]byte{}
		}
		hi = hi<<5 | lo>>59
		lo = lo<<5 | uint64(v)
	}
	binary.BigEndian.PutUint64(u[:8], hi)
	binary.BigEndian.PutUint64(u[8:], lo)
	return u
}
