package storagetest

import (
	"errors"
	"testing"

	"otpravka/otpcore"
)

func activeLink(n byte, b *otpcore.Bot) otpcore.Link {
	return otpcore.Link{
		ID: otpcore.FormatID(otpcore.PrefixLink, [16]byte{15: n}), BusinessID: b.BusinessID, BotID: b.ID, Channel: otpcore.Telegram,
		Phone: otpcore.SealedPhone{Index: index(n), Sealed: []byte{0, 1, n}, Region: "KZ"},
		Chat:  otpcore.Chat{Index: index(n + 100), Sealed: []byte{2, 0, n}}, Proof: otpcore.ProofContact,
		Status: otpcore.LinkActive, Locale: "kk", CreatedAt: at(0), VerifiedAt: at(1),
		Language: "uz", ReturnURL: "https://shop.example.com/", OfferedAt: at(2), ActedAt: at(3),
	}
}

func linksKept(t *testing.T, lab Lab) {
	db := open(t, lab)
	b := bot(1)
	active := activeLink(1, &b)
	pending := otpcore.Link{
		ID: otpcore.FormatID(otpcore.PrefixLink, [16]byte{15: 2}), BusinessID: b.BusinessID, BotID: b.ID, Channel: otpcore.Telegram,
		Proof: otpcore.ProofContact, Status: otpcore.LinkPending, TokenHash: []byte{5, 5}, CreatedAt: at(0), ExpiresAt: at(9),
	}
	write(t, db, func(tx otpcore.Tx) error { return errors.Join(tx.SaveLink(&active), tx.SaveLink(&pending)) })
	write(t, db, func(tx otpcore.Tx) error {
		byToken, err := tx.LinkByToken([]byte{5, 5})
		if err != nil {
			return err
		}
		equal(t, "pending link", *byToken, pending)
		_, err = tx.LinkByToken([]byte{5, 6})
		missing(t, "unknown token", err)
		ofChat, err := tx.LinksOfChat(b.ID, active.Chat.Index)
		equal(t, "links of the chat", ofChat, []*otpcore.Link{&active})
		return err
	})
	found, err := db.LinkByToken(t.Context(), []byte{5, 5})
	must(t, err)
	equal(t, "pending link, read", *found, pending)
	_, err = db.LinkByToken(t.Context(), []byte{5, 6})
	missing(t, "unknown token, read", err)
	active.Language, active.ReturnURL, active.OfferedAt, active.ActedAt = "kk", "", at(4), at(5)
	active.Proof, active.Status, active.EndedAt, active.EndReason = otpcore.ProofSMS, otpcore.LinkRevoked, at(3), "stopped"
	write(t, db, func(tx otpcore.Tx) error { return tx.SaveLink(&active) })
	got, err := db.Link(t.Context(), active.ID)
	must(t, err)
	equal(t, "link", *got, active)
	for business, want := range map[otpcore.ID][]*otpcore.Link{b.BusinessID: {&active}, businessID(2): nil} {
		ofPhone, err := db.LinksOfPhone(t.Context(), business, active.Phone.Index)
		must(t, err)
		equal(t, "links of the phone", ofPhone, want)
	}
}

func sessionsKept(t *testing.T, lab Lab) {
	db := open(t, lab)
	s := otpcore.LinkSession{
		BotID: bot(1).ID, Chat: index(1), BusinessID: businessID(1), ExpiresAt: at(5), Source: "lnk_1", Language: "kk",
		Phone: &otpcore.SealedPhone{Index: index(2), Sealed: []byte{0, 8}, Region: "KZ"},
	}
	bare := s
	bare.Phone, bare.Source, bare.Language = nil, "", ""
	for _, want := range []otpcore.LinkSession{s, bare} {
		write(t, db, func(tx otpcore.Tx) error { return tx.SaveSession(&want) })
		write(t, db, func(tx otpcore.Tx) error {
			got, err := tx.Session(s.BotID, s.Chat)
			if err != nil {
				return err
			}
			equal(t, "session", *got, want)
			_, err = tx.Session(bot(2).ID, s.Chat)
			missing(t, "session with another bot", err)
			return nil
		})
	}
	write(t, db, func(tx otpcore.Tx) error { return tx.DeleteSession(s.BotID, s.Chat) })
	write(t, db, func(tx otpcore.Tx) error {
		_, err := tx.Session(s.BotID, s.Chat)
		missing(t, "deleted session", err)
		return tx.DeleteSession(s.BotID, s.Chat)
	})
}

func tokensUsedOnce(t *testing.T, lab Lab) {
	db := open(t, lab)
	var first []bool
	for range 3 {
		write(t, db, func(tx otpcore.Tx) error {
			ok, err := tx.UseToken("vrf_1")
			first = append(first, ok)
			return err
		})
	}
	equal(t, "first uses", first, []bool{true, false, false})
}

func updatesSeenOnce(t *testing.T, lab Lab) {
	db := open(t, lab)
	id := bot(1).ID
	handle := func(update int64, outcome error) (first bool, err error) {
		err = db.Write(t.Context(), func(tx otpcore.Tx) error {
			var err error
			if first, err = tx.FirstSight(id, update); err != nil {
				return err
			}
			return errors.Join(tx.SetOffset(id, update+1), outcome)
		})
		return first, err
	}
	broken := errors.New("handler failed")
	if _, err := handle(10, broken); !errors.Is(err, broken) {
		t.Fatalf("error %v, want the function's own", err)
	}
	offset, err := db.Offset(t.Context(), id)
	must(t, err)
	equal(t, "offset after a failed handler", offset, int64(0))
	for _, want := range []bool{true, false} {
		first, err := handle(10, nil)
		must(t, err)
		equal(t, "first sight", first, want)
	}
	offset, err = db.Offset(t.Context(), id)
	must(t, err)
	equal(t, "offset", offset, int64(11))
}
