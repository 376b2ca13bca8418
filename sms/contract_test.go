package sms

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"testing"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func TestGatewayKeepsTheSenderContract(t *testing.T) {
	for file, provider := range map[string]struct {
		accepted  string
		status    int
		messageID string
	}{
		"json.yaml":  {`{"id": 90071992547409931, "status": "waiting", "price": -95.5}`, 200, "90071992547409931"},
		"query.yaml": {`{"status":"OK","status_code":100,"sms":{"998901234567":{"status_code":100,"sms_id":"000-42"}}}`, 200, "000-42"},
		"form.yaml":  {`{"sid":"SM42","status":"queued"}`, 201, "SM42"},
	} {
		t.Run(file, func(t *testing.T) {
			coretest.TestSender(t, coretest.SenderHarness{
				New: func(t testing.TB, base string, log *slog.Logger) otpcore.Sender {
					return open(t, declared(t, file, base), log)
				},
				Outgoing:  outgoing(),
				MessageID: provider.messageID,
				Accept: func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(provider.status)
					_, _ = io.WriteString(w, provider.accepted)
				},
				Refuse:      refuse,
				Credentials: slices.Collect(maps.Values(credentials)),
				Classes:     map[int]otpcore.ErrorClass{422: declaredFor422[file]},
			})
		})
	}
}

var declaredFor422 = map[string]otpcore.ErrorClass{"json.yaml": otpcore.ClassSenderNotAllowed}

func refuse(w http.ResponseWriter, r coretest.Refusal) {
	text, err := json.Marshal(r.Text)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.Status)
	_, _ = fmt.Fprintf(w, `{"message": %s, "error_code": 1, "status_code": 1}`, text)
}
