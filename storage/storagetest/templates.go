package storagetest

import (
	"slices"
	"testing"

	"otpravka/otpcore"
)

// templates are the promises about the texts of businesses.
var templates = []promise{
	{name: "versions are kept as they are, per business and key", test: versionsKept},
	{name: "a version never changes", test: versionsNeverChange},
	{name: "a verification keeps the version it began with", test: verificationsKeepVersions},
}

func version(by otpcore.Caller, key, locale string, n int) *otpcore.Template {
	return &otpcore.Template{
		BusinessID: by.Business.ID, Key: key, Locale: locale, Version: n, Author: "key_1", CreatedAt: at(n),
		Text: otpcore.TemplateText{
			Name: "order code", Proof: otpcore.ProofSMS, Chat: "{{code}} — заказ {{order}}\nВторая строка", WhatsApp: "{{code}}", Segments: 2,
			SMS:     []string{"{{code}} {{brand}} {{order}}", "{{code}} {{brand}}"},
			Params:  []otpcore.ParamSpec{{Name: "order", Type: "order_number", Required: true}},
			Context: []otpcore.ParamSpec{{Name: "amount", Type: "money", Required: true}},
		},
	}
}

func versionsKept(t *testing.T, lab Lab) {
	db := open(t, lab)
	first, second := version(liveA, "ready", "ru", 1), version(liveA, "ready", "en", 2)
	gone := &otpcore.Template{BusinessID: shopA.ID, Key: "ready", Locale: "ru", Version: 10, Removed: true, CreatedAt: at(10)}
	other, foreign := version(liveA, "other", "ru", 1), version(liveB, "ready", "ru", 1)
	other.CreatedAt = at(3)
	write(t, db, func(tx otpcore.Tx) error {
		for _, v := range []*otpcore.Template{gone, foreign, second, first, other} {
			if err := tx.SaveTemplate(v); err != nil {
				return err
			}
		}
		list, err := tx.TemplatesOf(shopA.ID, "ready")
		must(t, err)
		equal(t, "versions inside the transaction", list, []*otpcore.Template{first, second, gone})
		keys, err := tx.TemplateKeys(shopA.ID)
		must(t, err)
		if !slices.Equal(keys, []string{"other", "ready"}) {
			t.Errorf("keys %q, want the one changed last at the end", keys)
		}
		return tx.DeleteTemplate(shopA.ID, "ready", 1)
	})
	for _, c := range []struct {
		business otpcore.ID
		key      string
		want     []*otpcore.Template
	}{
		{shopA.ID, "ready", []*otpcore.Template{second, gone}},
		{shopA.ID, "other", []*otpcore.Template{other}},
		{shopB.ID, "ready", []*otpcore.Template{foreign}},
		{shopB.ID, "other", nil},
	} {
		list, err := db.TemplatesOf(t.Context(), c.business, c.key)
		must(t, err)
		equal(t, "versions of "+c.key, list, c.want)
	}
}

func versionsNeverChange(t *testing.T, lab Lab) {
	db := open(t, lab)
	first := version(liveA, "ready", "ru", 1)
	write(t, db, func(tx otpcore.Tx) error { return tx.SaveTemplate(first) })
	err := db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SaveTemplate(version(liveA, "ready", "en", 1)) })
	if err == nil {
		t.Error("a version was written twice")
	}
	list, err := db.TemplatesOf(t.Context(), shopA.ID, "ready")
	must(t, err)
	equal(t, "versions", list, []*otpcore.Template{first})
}

func verificationsKeepVersions(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	write(t, s.db, func(tx otpcore.Tx) error {
		if err := tx.SaveTemplate(version(liveA, "login", "en", 7)); err != nil {
			return err
		}
		b, err := tx.Business(shopA.ID)
		if err != nil {
			return err
		}
		b.Settings.Templates = map[string]int{"login": 7}
		return tx.SaveBusiness(b)
	})
	b, err := s.db.Business(t.Context(), shopA.ID)
	must(t, err)
	by := otpcore.Caller{Business: b, Mode: otpcore.Live}
	id := s.startBy(by, otpcore.StartRequest{Phone: phoneOf(1)})
	equal(t, "version", s.caseOf(by, id).Verification.TemplateVersion, 7)
}
