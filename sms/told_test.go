package sms

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestUnmappedRefusalsAreTold(t *testing.T) {
	for name, c := range map[string]struct{ file, body, want string }{
		"words":               {"json.yaml", `{"status":"declined","error_code":1043,"message":"Alpha name is not registered"}`, `"[$.status=declined $.error_code=1043 $.message=Alpha name is not registered]"`},
		"other places":        {"json.yaml", `{"status":"declined","login":"shop-1"}`, `"[$.status=declined]"`},
		"the code":            {"json.yaml", `{"status":"declined","message":"493021 was refused"}`, `"[$.status=declined $.message (not repeated)]"`},
		"the code, spelt":     {"json.yaml", `{"status":"493-021"}`, `"[$.status (not repeated)]"`},
		"half of the code":    {"json.yaml", `{"error_code":93021}`, `"[$.error_code (not repeated)]"`},
		"the text":            {"json.yaml", `{"message":"Is your code & allowed?"}`, `"[$.message (not repeated)]"`},
		"the number":          {"json.yaml", `{"message":"no route to 1234567"}`, `"[$.message (not repeated)]"`},
		"a secret":            {"json.yaml", `{"message":"key 7fKq2 is blocked"}`, `"[$.message (not repeated)]"`},
		"base64":              {"json.yaml", `{"message":"bad login Basic c2hvcGxvZ2luOmh1bnRlcjIy"}`, `"[$.message (not repeated)]"`},
		"hexadecimal":         {"json.yaml", `{"message":"003400390033003000320031"}`, `"[$.message (not repeated)]"`},
		"too long":            {"json.yaml", `{"message":"` + strings.Repeat("x", maxTold+1) + `"}`, `"[$.message (not repeated)]"`},
		"more than one line":  {"json.yaml", `{"message":"a\nb"}`, `"[$.message (not repeated)]"`},
		"nothing of a scalar": {"json.yaml", `{"status":{"name":"no"}}`, `[]`},
		"no JSON":             {"form.yaml", `refused`, `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			var log bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&log, nil))
			_, _ = open(t, declared(t, c.file, server.URL), logger).Send(t.Context(), outgoing())
			if !strings.Contains(log.String(), "answer="+c.want+"\n") {
				t.Errorf("log: %s, want answer=%s", log.String(), c.want)
			}
		})
	}
}
