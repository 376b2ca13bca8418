package telegramgateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"otpravka/bot"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/telegramgatewaysim"
	"otpravka/otpcore"
)

func TestIdentify(t *testing.T) {
	for _, tt := range []struct {
		name  string
		token string
		rule  *fault.Rule
		code  string
		calls int
	}{
		{"known token", goodToken, nil, "", 1},
		{"unknown token", "AAEVFAAAnobodys-token-at-all", nil, "bot_token_invalid", 1},
		{"token of another form", "short", nil, "bot_token_invalid", 0},
		{"token that would break a header", goodToken + "\r\nX: 1", nil, "bot_token_invalid", 0},
		{"down", goodToken, &fault.Rule{Status: 502, Body: fault.GatewayPage(502)}, "telegram_unreachable", 1},
		{"cut", goodToken, &fault.Rule{Drop: fault.DropBefore}, "telegram_unreachable", 1},
		{"busy", goodToken, &fault.Rule{RetryAfter: time.Minute}, "telegram_unreachable", 1},
		{"something else answers", goodToken, &fault.Rule{Status: 404, Body: "<h1>404</h1>"}, "telegram_unreachable", 1},
		{"refused by status", goodToken, &fault.Rule{Status: 403, Description: "FORBIDDEN"}, "bot_token_invalid", 1},
	} {
		a := newAccount(t, "")
		if tt.rule != nil {
			a.gw.Fail(*tt.rule)
		}
		who, err := a.factory.Identify(t.Context(), tt.token, false)
		if otpcore.CodeOf(err) != tt.code {
			t.Errorf("%s: error is %v, want %q", tt.name, err, tt.code)
		}
		if err == nil && (who.Account != "" || who.Username != "" || who.Name != "Telegram Gateway") {
			t.Errorf("%s: identified as %+v", tt.name, who)
		}
		if err != nil && strings.Contains(fmt.Sprintf("%+v", err), tt.token) {
			t.Errorf("%s: the error holds the token", tt.name)
		}
		calls := a.gw.Calls("")
		if len(calls) != tt.calls {
			t.Errorf("%s: %d calls, want %d", tt.name, len(calls), tt.calls)
		}
		for _, c := range calls {
			if c.Params["phone_number"] != "" {
				t.Errorf("%s: a number was named to see whether the token is good", tt.name)
			}
		}
	}
}

func TestRunStaysUntilItEnds(t *testing.T) {
	a := newAccount(t, "https://otp.example/")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	a.must(a.gw.WaitCalls(t.Context(), "checkVerificationStatus", 1))
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	b := body("delivered", "")
	if _, status := a.report(key, "POST", b, telegramgatewaysim.Sign(goodToken, now, []byte(b))); status != http.StatusNotFound {
		t.Errorf("a report to a bot that has ended was answered %d", status)
	}
}

func TestRunFallsOnARefusedToken(t *testing.T) {
	a := newAccount(t, "")
	a.gw.DropAccount(goodToken)
	err := a.Run(t.Context())
	if fall, ok := errors.AsType[*bot.Fall](err); !ok || fall.State != otpcore.BotBadCredentials || fall.Text == "" {
		t.Errorf("ended with %v", err)
	}
	a = newAccount(t, "")
	a.gw.Fail(fault.Rule{Status: 500})
	err = a.Run(t.Context())
	if _, fell := errors.AsType[*bot.Fall](err); fell || err == nil {
		t.Errorf("ended with %v, want trouble that passes", err)
	}
}

func TestNewClient(t *testing.T) {
	for base, want := range map[string]bool{
		"": true, DefaultAPI: true, "http://127.0.0.1:8081/": true,
		"gatewayapi.telegram.org": false, "ftp://example.com": false, "https://": false, "https://u:p@example.com": false,
		"https://example.com/?x=1": false, "https://example.com/#x": false, "http://bad host/": false,
	} {
		if _, err := NewClient(base); (err == nil) != want {
			t.Errorf("%q: error %v, want accepted %v", base, err, want)
		}
	}
}
