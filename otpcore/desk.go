package otpcore

import (
	"bytes"
	"crypto/rand"
	"time"
)

// desk decides about cases. Its methods are the rules of a verification's
// life: each takes a loaded case, changes it, and touches nothing else.
type desk struct {
	rules    Rules
	vault    Vault
	carriers Carriers
	shared   Shared
}

// code gives the verification's code, and false when the key that derives it
// is gone or the verification has ended.
func (d *desk) code(v *Verification) (Code, bool) {
	if v.OwnCode != nil {
		plain, err := d.vault.Open(ownCodePlace(v), v.OwnCode)
		return unpadCode(plain), err == nil
	}
	mac, ok := d.vault.CodeMAC(v.KeyID)
	if !ok || len(v.Seed) != 32 {
		return Code{}, false
	}
	return DeriveCode(mac, CodeInput{
		Business: v.BusinessID.UUID(), Verification: v.ID.UUID(),
		Seed: [32]byte(v.Seed), Length: v.CodeLength, Alphabet: Digits,
	}), true
}

// padCode hides the length of a business's own code from whoever reads the
// database.
func padCode(c Code) []byte {
	padded := make([]byte, 16)
	copy(padded, c.Reveal())
	return padded
}

func unpadCode(padded []byte) Code { return NewCode(string(bytes.TrimRight(padded, "\x00"))) }

func ownCodePlace(v *Verification) Place {
	return Place{Table: "verifications", Column: "own_code", Row: v.ID, Business: v.BusinessID}
}

func phonePlace(v *Verification) Place {
	return Place{Table: "verifications", Column: "phone", Row: v.ID, Business: v.BusinessID}
}

func ownerPlace(business ID) Place {
	return Place{Table: "businesses", Column: "owner", Row: business, Business: business}
}

func linkPhonePlace(l *Link) Place {
	return Place{Table: "links", Column: "phone", Row: l.ID, Business: l.BusinessID}
}

func linkChatPlace(l *Link) Place {
	return Place{Table: "links", Column: "chat", Row: l.ID, Business: l.BusinessID}
}

func targetPlace(dlv *Delivery) Place {
	return Place{Table: "deliveries", Column: "target", Row: dlv.ID, Business: dlv.BusinessID}
}

func contentPlace(dlv *Delivery) Place {
	return Place{Table: "deliveries", Column: "content", Row: dlv.ID, Business: dlv.BusinessID}
}

func (d *desk) sealPhone(at Place, p Phone) SealedPhone {
	return SealedPhone{Index: d.phoneIndex(p), Sealed: d.vault.Seal(at, []byte(p.E164())), Region: p.Region()}
}

func (d *desk) openPhone(at Place, s SealedPhone) (Phone, error) {
	plain, err := d.vault.Open(at, s.Sealed)
	if err != nil {
		return Phone{}, err
	}
	return NewPhone(string(plain), s.Region), nil
}

func (d *desk) phoneIndex(p Phone) Index { return d.vault.Index("phone", p.E164()) }

func (d *desk) chatIndex(bot ID, address string) Index {
	return d.vault.Index("chat:"+string(bot), address)
}

func newSeed() []byte {
	seed := make([]byte, 32)
	_, _ = rand.Read(seed) // never fails: it ends the process instead
	return seed
}

// way asks what would carry the verification over the channel.
func (d *desk) way(v *Verification, ch Channel) Way {
	way := d.carriers.Way(v.BusinessID, v.Mode, ch, v.Phone.Region)
	switch {
	case v.Paid:
	case way.ByPhone:
		return Way{Channel: ch, Reason: reasonCountry}
	default:
		way.Unlinked = nil
	}
	return way
}

// wayOf is the way that the delivery went, as far as it is still there.
func (d *desk) wayOf(v *Verification, dlv *Delivery) Way {
	way := d.way(v, dlv.Channel)
	if way.Unlinked != nil && way.Unlinked.BotID == dlv.BotID && dlv.LinkID == "" {
		return *way.Unlinked
	}
	return way
}

// tooLate reports whether so little life is left that only an SMS, which
// extends it, is still worth sending.
func tooLate(v *Verification, now time.Time) bool {
	return v.ExpiresAt.Sub(now) < quiet(v.TTL)
}
