package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/otpcore"
	"otpravka/webhook/problem"
)

func TestFrom(t *testing.T) {
	limited := &otpcore.Error{Kind: otpcore.KindRateLimited, Code: "phone_paused", Detail: "Wait.", RetryAfter: 1500 * time.Millisecond}
	for name, tt := range map[string]struct {
		err        error
		status     int
		code       string
		retryAfter int
	}{
		"domain, wrapped":        {fmt.Errorf("start: %w", otpcore.ErrNotFound), 404, "not_found", 0},
		"domain, rounded up":     {limited, 429, "phone_paused", 2},
		"domain, new code":       {&otpcore.Error{Kind: otpcore.KindConflict, Code: "brand_new", Detail: "Do it."}, 409, "brand_new", 0},
		"domain, storage":        {otpcore.Unavailable(errors.New("disk full")), 503, "unavailable", 1},
		"domain, our fault":      {&otpcore.Error{Kind: otpcore.KindInternal, Code: "secret_thing", Detail: "SELECT"}, 500, "internal", 0},
		"domain, unknown kind":   {&otpcore.Error{Kind: "novel", Code: "not_found"}, 500, "internal", 0},
		"domain, no code":        {&otpcore.Error{Kind: otpcore.KindConflict}, 500, "internal", 0},
		"router, no route":       {echo.ErrNotFound, 404, "route_not_found", 0},
		"router, other method":   {echo.ErrMethodNotAllowed, 405, "method_not_allowed", 0},
		"generated, bad limit":   {echo.NewHTTPError(400, "Invalid format for parameter limit: +7916"), 400, "bad_parameter", 0},
		"caller gone":            {fmt.Errorf("wait: %w", context.Canceled), 503, "unavailable", 1},
		"anything else":          {errors.New("dial tcp 10.0.0.1: refused"), 500, "internal", 0},
		"a problem as it stands": {fmt.Errorf("bind: %w", problem.New("too_deep")), 400, "too_deep", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := problem.From(tt.err)
			if p.Status != tt.status || p.Code != tt.code || p.RetryAfter != tt.retryAfter {
				t.Errorf("%d %s after %d, want %d %s after %d", p.Status, p.Code, p.RetryAfter, tt.status, tt.code, tt.retryAfter)
			}
			if p.Type != "/problems/"+tt.code || p.Title == "" || p.Detail == "" {
				t.Errorf("incomplete problem %+v", p)
			}
		})
	}
}

// Only where nobody waited for the outcome may the request have been carried
// out. Refusals with a reason of their own keep their words.
func TestUnknownOutcomeIsNotCalledNothing(t *testing.T) {
	for err, unknown := range map[error]bool{
		otpcore.Unavailable(context.DeadlineExceeded):    true,
		fmt.Errorf("read: %w", context.DeadlineExceeded): true,
		fmt.Errorf("wait: %w", context.Canceled):         true,
		otpcore.Unavailable(errors.New("disk full")):     false,
		&otpcore.Error{Kind: otpcore.KindUnavailable, Code: "telegram_unreachable", Detail: "Away.", Err: context.DeadlineExceeded}: false,
	} {
		if p := problem.From(err); strings.Contains(p.Detail, "same Idempotency-Key") != unknown || p.RetryAfter < 1 {
			t.Errorf("%v is answered %q after %d", err, p.Detail, p.RetryAfter)
		}
	}
}

func TestOneFindingIsWhatTheProblemSays(t *testing.T) {
	p := problem.New("invalid_value").At("/ttl", "Send 600 or less.")
	if p.Detail != "/ttl: Send 600 or less." {
		t.Errorf("one finding: %q", p.Detail)
	}
	if p.At("/locale", "Write a language tag."); p.Detail != problem.New("invalid_value").Detail || len(p.Errors) != 2 {
		t.Errorf("two findings: %q", p.Detail)
	}
	if p := problem.New("not_an_object").At("", "Send an object."); p.Detail != "Send an object." {
		t.Errorf("the whole body: %q", p.Detail)
	}
}

func TestDomainFindingsKeepTheirPlaces(t *testing.T) {
	one := problem.From(&otpcore.Error{Kind: otpcore.KindInvalid, Code: "phone_invalid", Detail: "Send one.", Field: "/phone"})
	if len(one.Errors) != 1 || one.Errors[0] != (problem.Field{Pointer: "/phone", Code: "phone_invalid", Detail: "Send one."}) {
		t.Errorf("errors %+v", one.Errors)
	}
	many := problem.From(&otpcore.Error{
		Kind: otpcore.KindInvalid, Code: "no_channel", Detail: "Nothing.", Field: "/channels",
		Errors: []otpcore.FieldError{{Field: "/channels/0", Code: "telegram", Detail: "No bot."}, {Field: "/channels/1", Code: "sms", Detail: "No provider."}},
	})
	if len(many.Errors) != 2 || many.Errors[1].Detail != "No provider." {
		t.Errorf("errors %+v", many.Errors)
	}
}

func TestCausesAreNeverShown(t *testing.T) {
	secret := errors.New("code 493021 to +77015550123")
	for _, err := range []error{
		secret,
		otpcore.Unavailable(secret),
		&otpcore.Error{Kind: otpcore.KindInternal, Code: "493021", Detail: "493021", Err: secret},
		echo.NewHTTPError(400, secret.Error()),
		problem.New("internal").Because(secret),
	} {
		w := httptest.NewRecorder()
		if err := problem.From(err).Write(w, httptest.NewRequest(http.MethodGet, "/", nil)); err != nil {
			t.Fatal(err)
		}
		if body := w.Body.String(); strings.Contains(body, "493021") || strings.Contains(body, "77015550123") {
			t.Errorf("%v is shown as %s", err, body)
		}
	}
}

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	p := problem.New("rate_limited").After(90 * time.Second)
	if err := p.Write(w, httptest.NewRequest(http.MethodGet, "/", nil)); err != nil {
		t.Fatal(err)
	}
	if w.Code != 429 || w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Retry-After") != "90" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got["code"] != "rate_limited" || got["retry_after"] != 90.0 {
		t.Errorf("body %s, %v", w.Body, err)
	}
	w = httptest.NewRecorder()
	if err := problem.New("unauthorized").Write(w, httptest.NewRequest(http.MethodHead, "/", nil)); err != nil {
		t.Fatal(err)
	}
	if w.Header().Get("WWW-Authenticate") != "Bearer" || w.Body.Len() != 0 {
		t.Errorf("HEAD gets %v and %d bytes", w.Header(), w.Body.Len())
	}
}

func TestEveryCodeIsComplete(t *testing.T) {
	form := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	for _, code := range problem.Codes() {
		p := problem.New(code)
		if !form.MatchString(code) || p.Status < 400 || p.Title == "" || p.Detail == "" {
			t.Errorf("%s: %+v", code, p)
		}
	}
	if p := problem.New("no_such_code"); p.Code != "internal" {
		t.Errorf("an unknown code makes %q, want internal", p.Code)
	}
}
