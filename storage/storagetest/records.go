package storagetest

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"otpravka/otpcore"
)

// records are the promises about rows that stand by themselves.
var records = []promise{
	{name: "a business is saved, replaced and listed", test: businessesKept},
	{name: "an API key is found by its public part and by its business and mode", test: keysKept},
	{name: "a bot is kept with its sealed token, and one account is registered once", test: botsKept},
	{name: "a deleted bot takes its links, sessions and input along", test: botsDeleted},
	{name: "a link is found by id, phone, chat and token", test: linksKept},
	{name: "a chat has one session", test: sessionsKept},
	{name: "a token is used once", test: tokensUsedOnce},
	{name: "an update is handled once, together with its offset", test: updatesSeenOnce},
	{name: "a receipt waits for its message and is given back once", test: receiptsKept},
	{name: "an idempotency key belongs to a business, a mode and a route", test: rememberedScoped},
	{name: "a standing is blank until saved", test: standingsKept},
	{name: "a function that fails leaves nothing", test: writeRollsBack},
}

// equal and missing may be called from the engine's goroutines, where a test
// cannot be ended.
func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func missing(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, otpcore.ErrNotFound) {
		t.Errorf("%s: got error %v, want ErrNotFound", what, err)
	}
}

func open(t *testing.T, lab Lab) Engine {
	t.Helper()
	db := lab.Open(t, Options{Boot: newBoot()})
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func write(t testing.TB, db Engine, fn func(tx otpcore.Tx) error) {
	t.Helper()
	must(t, db.Write(t.Context(), fn))
}

// at is a time of the tests, in the precision that is stored.
func at(minute int) time.Time { return time.Date(2026, 11, 22, 10, minute, 0, 7e6, time.UTC) }

func index(n byte) otpcore.Index { return otpcore.Index{0: n, 15: n + 1} }

func businessesKept(t *testing.T, lab Lab) {
	db := open(t, lab)
	b := otpcore.Business{
		ID: businessID(1), Name: "Магазин", CreatedAt: at(0),
		Settings: otpcore.Settings{
			Countries: []string{"KZ", "RU"}, DefaultCountry: "KZ", Locale: "ru", TimeZone: "Asia/Almaty", Currency: "KZT",
			Route: []otpcore.Channel{otpcore.SMS, otpcore.Telegram}, WhenUnlinked: otpcore.Wait, TTL: time.Minute,
			FallbackAfter: 20 * time.Second, FallbackOn: otpcore.Undelivered, CodeLength: 8, LinkMaxAge: time.Hour,
			LinkProof: otpcore.ProofSMS, SupportText: "Звоните", ReturnHosts: []string{"shop.kz"}, SMSOrigin: "shop.kz",
			SMSAppHash: "FA+9qCX9VSu", Templates: map[string]int{"gate": 3},
		},
	}
	_, err := db.Business(t.Context(), b.ID)
	missing(t, "business before it is saved", err)
	write(t, db, func(tx otpcore.Tx) error { return tx.SaveBusiness(&b) })
	got, err := db.Business(t.Context(), b.ID)
	must(t, err)
	equal(t, "business", *got, b)

	b.Name, b.Settings.Countries = "Shop", []string{"UZ"}
	other := otpcore.Business{ID: businessID(2), Name: "Taxi", CreatedAt: at(1)}
	write(t, db, func(tx otpcore.Tx) error { return errors.Join(tx.SaveBusiness(&b), tx.SaveBusiness(&other)) })
	all, err := db.Businesses(t.Context())
	must(t, err)
	equal(t, "businesses", all, []*otpcore.Business{&b, &other})
}

func keysKept(t *testing.T, lab Lab) {
	db := open(t, lab)
	k := otpcore.APIKey{
		ID: otpcore.NewID(otpcore.PrefixKey, at(0)), BusinessID: businessID(1), Mode: otpcore.Test, Public: "abcd1234",
		Hash: [32]byte{1, 2, 3}, Name: "shop", Scopes: []otpcore.Scope{otpcore.ScopeStart, otpcore.ScopeCheck},
		CreatedAt: at(0), ExpiresAt: at(50),
	}
	write(t, db, func(tx otpcore.Tx) error { return tx.SaveKey(&k) })
	got, err := db.KeyByPublic(t.Context(), "abcd1234")
	must(t, err)
	equal(t, "key", *got, k)
	_, err = db.KeyByPublic(t.Context(), "ABCD1234")
	missing(t, "key in another spelling", err)

	k.RevokedAt, k.LastUsedAt = at(2), at(1)
	write(t, db, func(tx otpcore.Tx) error {
		if _, err := tx.Key(businessID(2), k.ID); !errors.Is(err, otpcore.ErrNotFound) {
			t.Errorf("another business's key: error %v", err)
		}
		return tx.SaveKey(&k)
	})
	mine, err := db.Keys(t.Context(), k.BusinessID, otpcore.Test)
	must(t, err)
	equal(t, "keys", mine, []*otpcore.APIKey{&k})
	for _, scope := range []struct {
		business otpcore.ID
		mode     otpcore.Mode
	}{{k.BusinessID, otpcore.Live}, {businessID(2), otpcore.Test}} {
		others, err := db.Keys(t.Context(), scope.business, scope.mode)
		must(t, err)
		equal(t, "keys outside of the scope", len(others), 0)
	}
}

func bot(n byte) otpcore.Bot {
	return otpcore.Bot{
		ID: otpcore.FormatID(otpcore.PrefixBot, [16]byte{15: n}), BusinessID: businessID(1), Kind: otpcore.BotTelegram,
		Account: string('0' + rune(n)), Username: "shop_bot", Name: "Shop", Token: []byte{0, 255, n}, State: otpcore.BotConnected,
		StateText: "The bot is connected.", StateAt: at(1), CreatedAt: at(0),
	}
}

func botsKept(t *testing.T, lab Lab) {
	db := open(t, lab)
	first, twin := bot(1), bot(2)
	write(t, db, func(tx otpcore.Tx) error { return tx.SaveBot(&first) })
	first.State, first.StateText, first.Token = otpcore.BotBadCredentials, "Send a new token.", []byte{9}
	write(t, db, func(tx otpcore.Tx) error { return tx.SaveBot(&first) })
	got, err := db.Bot(t.Context(), first.ID)
	must(t, err)
	equal(t, "bot", *got, first)

	twin.Account = first.Account
	err = db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SaveBot(&twin) })
	wantKind(t, err, otpcore.KindConflict)
	equal(t, "code", otpcore.CodeOf(err), "bot_exists")

	twin.Account, twin.BusinessID = "other", businessID(2)
	write(t, db, func(tx otpcore.Tx) error { return tx.SaveBot(&twin) })
	for business, want := range map[otpcore.ID][]*otpcore.Bot{
		"": {&first, &twin}, businessID(1): {&first}, businessID(2): {&twin}, businessID(3): nil,
	} {
		bots, err := db.Bots(t.Context(), business)
		must(t, err)
		equal(t, "bots of "+string(business), bots, want)
	}
}

func botsDeleted(t *testing.T, lab Lab) {
	db := open(t, lab)
	gone, stays := bot(1), bot(2)
	write(t, db, func(tx otpcore.Tx) error {
		err := errors.Join(tx.SaveBot(&gone), tx.SaveBot(&stays), tx.SetOffset(gone.ID, 7))
		for n := range byte(250) { // more than one statement may delete
			l := activeLink(n, &gone)
			err = errors.Join(err, tx.SaveLink(&l))
		}
		l := activeLink(251, &stays)
		err = errors.Join(err, tx.SaveLink(&l), tx.SaveSession(&otpcore.LinkSession{BotID: gone.ID, Chat: index(1)}))
		_, seen := tx.FirstSight(gone.ID, 6)
		return errors.Join(err, seen)
	})
	write(t, db, func(tx otpcore.Tx) error { return tx.DeleteBot(gone.ID) })
	_, err := db.Bot(t.Context(), gone.ID)
	missing(t, "deleted bot", err)
	_, err = db.Purge(t.Context())
	must(t, err)
	for n := range byte(250) {
		_, err = db.Link(t.Context(), activeLink(n, &gone).ID)
		missing(t, "link of a deleted bot", err)
	}
	_, err = db.Link(t.Context(), activeLink(251, &stays).ID)
	must(t, err)
	offset, err := db.Offset(t.Context(), gone.ID)
	must(t, err)
	equal(t, "offset", offset, int64(0))
	write(t, db, func(tx otpcore.Tx) error {
		_, err := tx.Session(gone.ID, index(1))
		missing(t, "session of a deleted bot", err)
		first, err := tx.FirstSight(gone.ID, 6)
		equal(t, "first sight after the input is gone", first, true)
		missing(t, "deleting it again", tx.DeleteBot(gone.ID))
		return errors.Join(err, tx.SaveBot(&gone)) // its account is free again
	})
}

func receiptsKept(t *testing.T, lab Lab) {
	db := open(t, lab)
	sent := otpcore.Receipt{Provider: "sms", MessageID: "m1", Reference: "dlv_1", Status: otpcore.Sent, At: at(1)}
	delivered := otpcore.Receipt{
		Provider: "sms", MessageID: "m1", Status: otpcore.Delivered, At: at(2), Cost: otpcore.Cost{Money: otpcore.Money{Amount: "12.50", Currency: "KZT"}, Refunded: true},
	}
	failed := otpcore.Receipt{Provider: "sms", MessageID: "m2", Status: otpcore.FailedDlv, Class: otpcore.ClassBadNumber}
	write(t, db, func(tx otpcore.Tx) error {
		return errors.Join(tx.KeepReceipt(delivered), tx.KeepReceipt(sent), tx.KeepReceipt(failed))
	})
	write(t, db, func(tx otpcore.Tx) error {
		for _, want := range []*otpcore.Receipt{&delivered, nil} {
			got, err := tx.TakeReceipt("sms", "m1")
			if err != nil {
				return err
			}
			equal(t, "receipt", got, want)
		}
		other, err := tx.TakeReceipt("other", "m2")
		equal(t, "another provider's receipt", other, (*otpcore.Receipt)(nil))
		return err
	})
	write(t, db, func(tx otpcore.Tx) error {
		got, err := tx.TakeReceipt("sms", "m2")
		equal(t, "receipt", got, &failed)
		return err
	})
}

func rememberedScoped(t *testing.T, lab Lab) {
	db := open(t, lab)
	once := otpcore.Once{Route: "start", Key: "k1", Keep: time.Hour}
	r := otpcore.Remembered{Fingerprint: [32]byte{7}, Result: []byte(`{"id":"vrf_1"}`)}
	write(t, db, func(tx otpcore.Tx) error { return tx.Remember(businessID(1), otpcore.Live, once, r) })
	otherRoute, otherKey := once, once
	otherRoute.Route, otherKey.Key = "check", "k2"
	write(t, db, func(tx otpcore.Tx) error {
		got, err := tx.Remembered(businessID(1), otpcore.Live, once)
		if err != nil {
			return err
		}
		equal(t, "remembered", got, &r)
		for i, look := range []func() (*otpcore.Remembered, error){
			func() (*otpcore.Remembered, error) { return tx.Remembered(businessID(2), otpcore.Live, once) },
			func() (*otpcore.Remembered, error) { return tx.Remembered(businessID(1), otpcore.Test, once) },
			func() (*otpcore.Remembered, error) { return tx.Remembered(businessID(1), otpcore.Live, otherRoute) },
			func() (*otpcore.Remembered, error) { return tx.Remembered(businessID(1), otpcore.Live, otherKey) },
		} {
			if got, err := look(); got != nil || err != nil {
				t.Errorf("scope %d: got %v, %v", i, got, err)
			}
		}
		return nil
	})
}

func standingsKept(t *testing.T, lab Lab) {
	db := open(t, lab)
	blank, err := db.StandingOf(t.Context(), businessID(1), index(1))
	must(t, err)
	equal(t, "blank standing", *blank, otpcore.Standing{BusinessID: businessID(1), Phone: index(1)})
	s := otpcore.Standing{
		BusinessID: businessID(1), Phone: index(1), Consecutive: 4, PausedUntil: at(30), Pauses: 2, Failures: []time.Time{at(1), at(2)},
		ForgivenAt: at(3),
	}
	everywhere := otpcore.Standing{Phone: index(1), Erased: []otpcore.Begun{
		{BusinessID: businessID(1), Kind: otpcore.KindCode, At: at(1)},
		{BusinessID: businessID(2), Kind: otpcore.KindCode, At: at(2), Approved: true},
	}}
	write(t, db, func(tx otpcore.Tx) error { return errors.Join(tx.SaveStanding(&s), tx.SaveStanding(&everywhere)) })
	for _, want := range []otpcore.Standing{s, everywhere} {
		got, err := db.StandingOf(t.Context(), want.BusinessID, want.Phone)
		must(t, err)
		equal(t, "standing", *got, want)
	}
}

func writeRollsBack(t *testing.T, lab Lab) {
	db := open(t, lab)
	b := otpcore.Business{ID: businessID(1), Name: "Shop"}
	broken := errors.New("changed my mind")
	for _, fn := range []func(tx otpcore.Tx) error{
		func(tx otpcore.Tx) error { return errors.Join(tx.SaveBusiness(&b), broken) },
		func(tx otpcore.Tx) error { _ = tx.SaveBusiness(&b); panic("surprise") },
	} {
		if err := db.Write(t.Context(), fn); err == nil {
			t.Fatal("a failed function was answered without an error")
		}
	}
	all, err := db.Businesses(t.Context())
	must(t, err)
	equal(t, "businesses", len(all), 0)
	if slices.Contains([]otpcore.Kind{"", otpcore.KindUnavailable}, otpcore.KindOf(db.Write(t.Context(), func(otpcore.Tx) error { panic("surprise") }))) {
		t.Fatal("a panic is not answered as internal")
	}
}
