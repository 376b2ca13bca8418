package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/otpcore"
)

// sameAnswer compares all that an answer shows but for what is drawn anew.
func sameAnswer(t *testing.T, what string, got, want answer) {
	t.Helper()
	if got.status != want.status || string(got.body) != string(want.body) {
		t.Errorf("%s: %d %s, want %d %s", what, got.status, got.body, want.status, want.body)
	}
	if a, b := names(got), names(want); !slices.Equal(a, b) {
		t.Errorf("%s: headers %v, want %v", what, a, b)
	}
}

func names(a answer) []string { return slices.Sorted(maps.Keys(a.header)) }

func TestT11ForeignIDsAreUnknownIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	v := shop.begin(fields{"phone": "+77011234567", "channels": []string{"sms"}})
	code := w.waitSMS("+77011234567").Code()
	shop.settled(v.ID, "sms:delivered")
	unknown := v.ID[:len(v.ID)-2] + "zz"
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil},
		{"POST", "/check", fields{"code": code}},
		{"POST", "/resend", fields{}},
		{"POST", "/cancel", nil},
	} {
		want := neighbour.ask(call.method, "/v1/verifications/"+unknown+call.path, call.body)
		if want.status != 404 || want.code != "not_found" {
			t.Fatalf("%s of an unknown id: %d %s", call.path, want.status, want.body)
		}
		got := neighbour.ask(call.method, "/v1/verifications/"+v.ID+call.path, call.body)
		sameAnswer(t, call.method+call.path+" by another business", got, want)
		got = shop.askWith(shop.trial, call.method, "/v1/verifications/"+v.ID+call.path, call.body)
		sameAnswer(t, call.method+call.path+" by the test key", got, want)
	}
	if a := neighbour.ask("POST", "/v1/verifications/search", fields{"phone": "+77011234567"}); a.status != 200 || strings.Contains(string(a.body), v.ID) {
		t.Errorf("search by another business: %d %s", a.status, a.body)
	}
	if got := shop.get(v.ID); got.Status != "pending" || got.AttemptsLeft != 5 || got.trail() != "sms:delivered" {
		t.Errorf("other businesses changed it: %s, %d attempts left, %s", got.Status, got.AttemptsLeft, got.trail())
	}
	if c := shop.check(v.ID, fields{"code": code}); !c.Valid {
		t.Errorf("its own business was refused: %s", c.Reason)
	}
}

func TestT11CodeOpensItsOwnVerificationOnly(t *testing.T) {
	eachDatabase(t, codeOpensItsOwnVerificationOnly)
}

func codeOpensItsOwnVerificationOnly(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	type held struct {
		by       *shop
		id, code string
	}
	var all []held
	for i, name := range []string{"Shop", "Neighbour"} {
		by := w.business(name)
		for j, template := range []string{"login", "registration"} {
			for k := range 2 {
				phone := fmt.Sprintf("+7701000%d%d%d0", i, j, k) // each gets one message
				v := by.begin(fields{"phone": phone, "template": template, "channels": []string{"sms"}})
				all = append(all, held{by, v.ID, w.waitSMS(phone).Code()})
			}
		}
	}
	for i, mine := range all {
		for j := 1; j <= 4; j++ {
			theirs := all[(i+j)%len(all)]
			if c := mine.by.check(mine.id, fields{"code": theirs.code}); c.Valid || c.Reason != "invalid_code" {
				t.Errorf("verification %d with the code of another: %+v", i, c)
			}
		}
		if c := mine.by.check(mine.id, fields{"code": mine.code}); !c.Valid {
			t.Errorf("verification %d with its own code: %+v", i, c)
		}
	}
}

// shown drops from a start's answer what is drawn for each start anew.
func shown(t *testing.T, a answer) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatal(err)
	}
	id, _ := v["id"].(string)
	if _, ok := otpcore.ParseID(otpcore.PrefixVerification, id); !ok {
		t.Errorf("id is %q", id)
	}
	v["id"] = "an id"
	timeForm := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
	for name, value := range v {
		if text, ok := value.(string); ok && strings.HasSuffix(name, "_at") && timeForm.MatchString(text) {
			v[name] = "a time"
		}
	}
	for name, link := range v["links"].(map[string]any) {
		u, err := url.Parse(link.(string))
		if err != nil {
			t.Fatal(err)
		}
		v["links"].(map[string]any)[name] = []any{u.Host, u.Path, len(u.Query().Get("start"))}
	}
	return v
}

func TestT19StartTellsNotWhetherThePhoneIsLinked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(1)
	shop.link("+77011234567")
	for name, f := range map[string]fields{
		"as it comes":   {},
		"waiting":       {"when_unlinked": "wait"},
		"chat only":     {"channels": []string{"telegram"}},
		"sms first":     {"channels": []string{"sms", "telegram"}},
		"whole request": {"locale": "ru", "ttl": 60, "fallback_on": "undelivered", "metadata": fields{"cart": "7"}, "order_id": "7"},
	} {
		// One phone is linked to a chat, the other is not. Canceling keeps both
		// below the limit of live codes.
		var views []map[string]any
		var answers []answer
		for _, phone := range []string{"+77011234567", "+77011234568"} {
			f := maps.Clone(f)
			f["phone"] = phone
			a := shop.ask("POST", "/v1/verifications", f)
			if a.status != 201 {
				t.Fatalf("%s: %d %s", name, a.status, a.body)
			}
			v := shown(t, a)
			if v["phone"] != phone {
				t.Errorf("%s: phone is %v", name, v["phone"])
			}
			v["phone"] = "a phone"
			views, answers = append(views, v), append(answers, a)
			var begun verification
			a.into(shop, 201, &begun)
			shop.cancel(begun.ID)
		}
		linked, _ := json.Marshal(views[0])
		unlinked, _ := json.Marshal(views[1])
		if string(linked) != string(unlinked) {
			t.Errorf("%s: the linked phone is answered\n%s\nthe other\n%s", name, linked, unlinked)
		}
		if a, b := names(answers[0]), names(answers[1]); !slices.Equal(a, b) {
			t.Errorf("%s: headers are %v and %v", name, a, b)
		}
	}
}
