package sms

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"otpravka/otpcore"
)

func TestAnswersAreJudged(t *testing.T) {
	uzs := func(amount string) otpcore.Money { return otpcore.Money{Amount: amount, Currency: "UZS"} }
	for name, answer := range map[string]struct {
		file   string
		status int
		body   string
		class  otpcore.ErrorClass // empty: accepted
		id     string
		cost   otpcore.Money
	}{
		"id and cost":            {"json.yaml", 200, `{"id":"a-1","status":"waiting","price":"110.5"}`, "", "a-1", uzs("110.5")},
		"long id":                {"json.yaml", 202, `{"id":12345678901234567890,"status":"success","price":-95}`, "", "12345678901234567890", uzs("95")},
		"id beyond bounds":       {"json.yaml", 200, `{"id":"` + strings.Repeat("a", maxID+1) + `","status":"waiting","price":"110.5"}`, "", "", uzs("110.5")},
		"no cost: agreed price":  {"json.yaml", 200, `{"id":"a-1","status":"waiting","price":null}`, "", "a-1", uzs("95.00")},
		"yes without id":         {"json.yaml", 200, `{"status":"waiting"}`, "", "", uzs("95.00")},
		"null error":             {"json.yaml", 200, `{"id":"a-1","status":"waiting","error_code":null}`, "", "a-1", uzs("95.00")},
		"error inside a 200":     {"json.yaml", 200, `{"status":"waiting","error_code":7}`, otpcore.ClassBadNumber, "", otpcore.Money{}},
		"text rule comes first":  {"json.yaml", 200, `{"message":"Low BALANCE","error_code":7}`, otpcore.ClassNoFunds, "", otpcore.Money{}},
		"rule needs its status":  {"json.yaml", 400, `{"error_code":9}`, otpcore.ClassContentRejected, "", otpcore.Money{}},
		"rule of another status": {"json.yaml", 404, `{"error_code":9}`, otpcore.ClassUnknown, "", otpcore.Money{}},
		"rule by status alone":   {"json.yaml", 422, `no JSON`, otpcore.ClassSenderNotAllowed, "", otpcore.Money{}},
		"unmapped refusal":       {"json.yaml", 200, `{"status":"declined"}`, otpcore.ClassUnknown, "", otpcore.Money{}},
		"unreadable yes":         {"json.yaml", 200, `{"id":"a-1","sta`, otpcore.ClassAmbiguous, "", otpcore.Money{}},
		"undeclared yes":         {"query.yaml", 201, ``, otpcore.ClassAmbiguous, "", otpcore.Money{}},
		"redirect":               {"json.yaml", 302, ``, otpcore.ClassProviderDown, "", otpcore.Money{}},
		"phone as key":           {"query.yaml", 200, `{"status_code":100,"sms":{"998901234567":{"status_code":100,"sms_id":"000-1"}}}`, "", "000-1", otpcore.Money{}},
		"phone as key, refused":  {"query.yaml", 200, `{"status_code":100,"sms":{"998901234567":{"status_code":207}}}`, otpcore.ClassBadNumber, "", otpcore.Money{}},
		"another phone":          {"query.yaml", 200, `{"status_code":100,"sms":{"998900000000":{"status_code":100,"sms_id":"x"}}}`, otpcore.ClassUnknown, "", otpcore.Money{}},
		"account refused":        {"query.yaml", 200, `{"status":"ERROR","status_code":200}`, otpcore.ClassAuth, "", otpcore.Money{}},
		"out of money":           {"query.yaml", 200, `{"status":"ERROR","status_code":201}`, otpcore.ClassNoFunds, "", otpcore.Money{}},
		"status alone":           {"form.yaml", 201, `not JSON`, "", "", otpcore.Money{}},
		"opted out":              {"form.yaml", 400, `{"code":21610,"message":"…"}`, otpcore.ClassBlocked, "", otpcore.Money{}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(answer.status)
				_, _ = io.WriteString(w, answer.body)
			}))
			defer server.Close()
			got, err := open(t, declared(t, answer.file, server.URL), nil).Send(t.Context(), outgoing())
			if class := classOf(err); class != answer.class {
				t.Fatalf("class is %q, want %q (%v)", class, answer.class, err)
			}
			if err == nil && (got.MessageID != answer.id || got.Cost.Money != answer.cost || got.Provider == "") {
				t.Errorf("accepted as %+v, want id %q and cost %v", got, answer.id, answer.cost)
			}
		})
	}
}

func classOf(err error) otpcore.ErrorClass {
	if e, ok := errors.AsType[*otpcore.SendError](err); ok {
		return e.Class
	}
	return ""
}
