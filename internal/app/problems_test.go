package app_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/telegramsim"
	"otpravka/webhook/problem"
)

// provocations make the server answer each code of the table of problems. The
// shop has default settings, one live key, an SMS provider and no bot; each
// provocation has a phone of its own.
var provocations = map[string]func(s *shop, phone string) answer{
	// Bodies that are no request.
	"empty_body":     start(""),
	"malformed_json": start("{"),
	"not_an_object":  start("[]"),
	"trailing_data":  start(`{"phone":"+77018642053"} and more`),
	"unknown_field":  start(`{"phnoe":"+77018642053"}`),
	"duplicate_key":  start(`{"phone":"+77018642053","phone":"+77018642054"}`),
	"invalid_utf8":   start("{\"phone\":\"\xff\"}"),
	"too_deep":       start(strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9)),
	"body_too_large": start(`{"phone":"` + strings.Repeat("7", 16<<10) + `"}`),

	// Values that no rule of the domain is asked about.
	"missing_field":     start(`{}`),
	"wrong_type":        start(`{"phone":7}`),
	"null_value":        start(`{"phone":null}`),
	"invalid_value":     start(`{"phone":"+77018642053","ttl":1}`),
	"control_character": start(`{"phone":"+7\u0000"}`),

	// Requests that are malformed outside of the body.
	"bad_parameter": starting(fields{}, "Idempotency-Key", "two words"),
	"bad_query":     asking("GET", "/v1/settings?verbose=1"),
	"bad_cursor":    asking("GET", "/v1/keys?cursor=b3Ro"),
	"key_in_url":    asking("GET", "/v1/settings?api_key=x"),
	"not_found":     asking("GET", "/v1/verifications/vrf_01kpx3q8e5f1ttgq0g7m9y2c4d"),

	"unsupported_media_type": starting(fields{}, "Content-Type", "text/plain"),
	"unsupported_encoding":   starting(fields{}, "Content-Encoding", "gzip"),
	"route_not_found":        asking("GET", "/v1/nowhere"),
	"method_not_allowed":     asking("PUT", "/v1/settings"),
	"query_too_long":         asking("GET", "/v1/settings?"+strings.Repeat("a", 9<<10)),
	"misdirected": func(s *shop, _ string) answer {
		return s.raw("GET", "/v1/settings", "GET http://evil.example/v1/settings HTTP/1.1\r\nHost: evil.example\r\n\r\n")
	},
	"bad_request": func(s *shop, _ string) answer {
		return s.raw("POST", "/v1/verifications", "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+s.keys[0]+
			"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
	},

	// Keys.
	"unauthorized":  func(s *shop, _ string) answer { return s.askWith("otp_live_nobody", "GET", "/v1/settings", nil) },
	"wrong_mode":    func(s *shop, _ string) answer { return s.askWith(s.trial, "PATCH", "/v1/settings", fields{"ttl": 60}) },
	"missing_scope": provokeMissingScope,
	"key_in_use":    provokeKeyInUse,
	"key_reused": func(s *shop, phone string) answer {
		s.begin(fields{"phone": phone}, "Idempotency-Key", "once")
		return s.ask("POST", "/v1/verifications", fields{"phone": phone, "ttl": 60}, "Idempotency-Key", "once")
	},
	"expires_in_past": posting("/v1/keys", fields{"name": "late", "scopes": []string{"start"}, "expires_at": "2020-01-01T00:00:00Z"}),

	// Phones.
	"phone_invalid":                 phoned("phone"),
	"phone_needs_plus":              foreign("77018642053"),
	"phone_impossible":              phoned("+7701864205"),
	"phone_has_extension_or_prefix": phoned("tel:+77018642053"),
	"region_not_allowed":            phoned("+870773111632"),
	"sms_not_supported_for_type":    phoned("+18885550123"),
	"country_invalid":               starting(fields{"phone": "7018642053", "country": "XX"}),

	// Starts.
	"no_channel":                  starting(fields{"channels": []string{"telegram"}}),
	"fallback_after_out_of_range": starting(fields{"ttl": 60, "fallback_after": 61}),
	"code_length_out_of_range":    starting(fields{"code_length": 5}),
	"code_and_length":             starting(fields{"code": "712839", "code_length": 6}),
	"code_guessable":              starting(fields{"code": "123456"}),
	"template_unknown":            starting(fields{"template": "somebody_elses"}),
	"param_missing":               paying(fields{"payee": "Ivan"}),
	"param_unknown":               starting(fields{"params": fields{"nobody": "x"}}),
	"param_type":                  paying(fields{"amount": "10.00", "payee": "Ivan"}),
	"param_length":                paying(fields{"amount": price("10.00", "KZT"), "payee": "   "}),
	"var_not_allowed":             paying(fields{"amount": price("10.00", "KZT"), "payee": "t.me/x"}),
	"param_in_context":            starting(fields{"template": "payment", "params": fields{"payee": "Ivan"}, "context": payment()}),
	"client_ip_invalid":           starting(fields{"client_ip": "999.1.1.1"}),
	"metadata_too_large":          starting(fields{"metadata": fields{"k": strings.Repeat("ы", 300)}}),
	"order_id_too_long":           starting(fields{"order_id": strings.Repeat("ы", 60)}),
	"pan_detected":                starting(fields{"order_id": "4111111111111111"}),

	// Settings.
	"name_invalid":      patching(fields{"name": "Shop\nEvil"}),
	"time_zone_invalid": patching(fields{"time_zone": "Asia/Nowhere"}),
	"currency_invalid":  patching(fields{"currency": "ZZZ"}),

	// Endpoints.
	"webhook_url_invalid":   posting("/v1/webhooks", fields{"url": "http://shop.example.com/hooks"}),
	"webhook_url_forbidden": posting("/v1/webhooks", fields{"url": "https://169.254.169.254/latest/meta-data/"}),
	"too_many_webhooks":     provokeTooManyWebhooks,
	"webhook_disabled":      provokeWebhookDisabled,
	"replay_running":        provokeReplayRunning,
	"replay_range_invalid":  replaying(fields{"from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
	"event_unknown":         replaying(fields{"event_id": "evt_01kpx3q8e5f1ttgq0g7m9y2c4d"}),
	"return_host_invalid":   patching(fields{"return_hosts": []string{"localhost"}}),

	// Templates.
	"text_invalid":       saving("gate", fields{"name": "gate code", "chat": "Welcome", "sms": []string{"{{code}} {{brand}}"}}),
	"template_changed":   saving("gate", gate(fields{"version": 1})),
	"template_busy":      provokeTemplateBusy,
	"too_many_templates": provokeTooManyTemplates,

	// Orders.
	"order_id_invalid":         ordering(fields{"order_id": "https://evil.example"}),
	"title_missing":            ordering(fields{"order_status": "at_customs"}),
	"title_not_allowed":        ordering(fields{"title": "Paid"}),
	"tracking_url_invalid":     ordering(fields{"tracking_url": "http://shop.example.com/"}),
	"tracking_url_not_allowed": ordering(fields{"tracking_url": "https://evil.example.com/"}),
	"occurred_at_in_future":    ordering(fields{"occurred_at": "2999-01-01T00:00:00Z"}),
	"handover_code_invalid":    ordering(fields{"order_status": "delivered", "handover_code": fields{}}),
	"order_phone_differs": func(s *shop, phone string) answer {
		ordering(nil)(s, phone)
		return ordering(nil)(s, "+77018642054")
	},
	"too_many_updates":    provokeTooManyUpdates,
	"link_host_invalid":   patching(fields{"link_hosts": []string{"localhost"}}),
	"quiet_hours_invalid": patching(fields{"quiet_hours": "22:00-22:00"}),

	// Bots and links.
	"return_url_invalid":     starting(fields{"return_url": "http://shop.example.com/"}),
	"return_url_not_allowed": posting("/v1/links", fields{"channel": "telegram", "return_url": "https://evil.example.com/"}),
	"no_bot":                 posting("/v1/links", fields{"channel": "telegram"}),
	"bot_token_invalid":      posting("/v1/bots", telegramBot(botToken(70))),
	"bot_exists":             provokeBotExists,
	"bot_in_use":             provokeBotInUse,
	"telegram_unreachable":   provokeTelegramUnreachable,

	// The life of a verification.
	"code_unreadable": func(s *shop, phone string) answer {
		return s.ask("POST", "/v1/verifications/"+s.begin(fields{"phone": phone}).ID+"/check", `{"code":"1\n"}`)
	},
	"context_required": func(s *shop, phone string) answer {
		v := s.begin(fields{"phone": phone, "template": "payment", "context": payment()})
		return s.ask("POST", "/v1/verifications/"+v.ID+"/check", fields{"code": "493021"})
	},
	"verification_ended": func(s *shop, phone string) answer {
		v := s.begin(fields{"phone": phone})
		s.cancel(v.ID)
		return s.resend(v.ID)
	},
	"resend_too_soon":     func(s *shop, phone string) answer { return s.resend(s.begin(fields{"phone": phone}).ID) },
	"verification_ending": provokeEnding,
	"too_many_sends":      provokeTooManySends,

	// Limits.
	"rate_limited":       provokeRateLimited,
	"too_many_starts":    provokeTooManyStarts,
	"too_many_live":      provokeTooManyLive,
	"too_many_listeners": provokeTooManyListeners,
	"phone_paused":       provokePause,
	"phone_locked":       provokeLock,

	// Our trouble; each needs a server of its own.
	"request_timeout": provokeTimeout,
	"internal":        provokeInternal,
	"unavailable":     provokeUnavailable,
	"overloaded":      provokeOverload,
	"not_ready":       provokeNotReady,
}

func start(body string) func(*shop, string) answer {
	return func(s *shop, _ string) answer { return s.ask("POST", "/v1/verifications", body) }
}

func starting(more fields, header ...string) func(*shop, string) answer {
	return func(s *shop, phone string) answer {
		f := fields{"phone": phone}
		maps.Copy(f, more)
		return s.ask("POST", "/v1/verifications", f, header...)
	}
}

func ordering(more fields) func(*shop, string) answer {
	return func(s *shop, phone string) answer {
		f := fields{"order_id": "A-1", "order_status": "paid", "phone": phone}
		maps.Copy(f, more)
		return s.ask("POST", "/v1/order-updates", f)
	}
}

func provokeTooManyUpdates(s *shop, phone string) answer {
	var rows []fields
	for range 200 {
		rows = append(rows, fields{"order_id": "A-1", "order_status": "paid", "phone": phone, "total": price(fmt.Sprint(1+len(rows)), "KZT")})
	}
	s.ask("POST", "/v1/order-updates/batch", fields{"updates": rows})
	return ordering(nil)(s, phone)
}

func paying(context fields) func(*shop, string) answer {
	return starting(fields{"template": "payment", "context": context})
}

func phoned(phone string) func(*shop, string) answer { return starting(fields{"phone": phone}) }

// foreign starts for a business without a country of its own.
func foreign(phone string) func(*shop, string) answer {
	return func(s *shop, _ string) answer {
		return s.business("Elsewhere", noDefaultCountry).ask("POST", "/v1/verifications", fields{"phone": phone})
	}
}

func asking(method, path string) func(*shop, string) answer {
	return func(s *shop, _ string) answer { return s.ask(method, path, nil) }
}

func posting(path string, body fields) func(*shop, string) answer {
	return func(s *shop, _ string) answer { return s.ask("POST", path, body) }
}

func patching(body fields) func(*shop, string) answer {
	return func(s *shop, _ string) answer { return s.ask("PATCH", "/v1/settings", body) }
}

func (s *shop) resend(id string) answer {
	s.Helper()
	return s.ask("POST", "/v1/verifications/"+id+"/resend", nil)
}

// raw sends bytes that no HTTP client sends, and judges the answer like any
// other.
func (w *world) raw(method, path, request string) answer {
	w.Helper()
	conn := w.dial()
	_, err := io.WriteString(conn, request)
	w.must(err)
	return w.readAnswer(bufio.NewReader(conn), method, path)
}

func (w *world) readAnswer(from *bufio.Reader, method, path string) answer {
	w.Helper()
	res, err := http.ReadResponse(from, nil)
	w.must(err)
	defer func() { _ = res.Body.Close() }()
	a, err := w.understood(method, path, res)
	w.must(err)
	return a
}

// elsewhere are the codes that another build of the server answers.
var elsewhere = map[string]bool{}

// TestEveryProblemIsProduced makes the real server give every code of the
// table, so that none is documented that nobody can meet.
func TestEveryProblemIsProduced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.CallsPerSecond, cfg.WebhooksAllow = 1000, []string{nobody} })
	for _, code := range problem.Codes() {
		if provocations[code] == nil && !elsewhere[code] {
			t.Errorf("nothing provokes %s: add a provocation, or take the code out of the table and the contract", code)
		}
	}
	for i, code := range slices.Sorted(maps.Keys(provocations)) {
		if !problem.Known(code) {
			t.Errorf("%s is provoked and in no table", code)
		}
		a := provocations[code](w.business(fmt.Sprint("Shop ", i)), fmt.Sprintf("+7701864%04d", i))
		if want := problem.New(code).Status; a.code != code || a.status != want {
			t.Errorf("%s: %d %s, want %d: %s", code, a.status, a.code, want, a.body)
		}
		if a.header.Get("Content-Type") != problem.ContentType {
			t.Errorf("%s: content type %q", code, a.header.Get("Content-Type"))
		}
	}
}

func provokeMissingScope(s *shop, _ string) answer {
	var made struct{ Key string }
	s.ask("POST", "/v1/keys", fields{"name": "checks only", "scopes": []string{"check"}}).into(s, http.StatusCreated, &made)
	return s.askWith(made.Key, "GET", "/v1/settings", nil)
}

func provokeKeyInUse(s *shop, _ string) answer {
	var page struct{ Items []struct{ ID string } }
	s.ask("GET", "/v1/keys", nil).into(s, http.StatusOK, &page)
	return s.ask("DELETE", "/v1/keys/"+page.Items[0].ID, nil)
}

func provokeBotExists(s *shop, _ string) answer {
	s.business("Owner").addBot(71)
	return s.ask("POST", "/v1/bots", telegramBot(botToken(71)))
}

func provokeBotInUse(s *shop, _ string) answer {
	s.tg.AddBot(botToken(72), "shop72_bot", "Shop")
	res, err := s.http.Post(s.tg.URL()+"/bot"+botToken(72)+"/setWebhook?url=http://127.0.0.1:1/hook", "", nil)
	s.must(err)
	s.must(res.Body.Close())
	return s.ask("POST", "/v1/bots", telegramBot(botToken(72)))
}

func provokeTelegramUnreachable(s *shop, _ string) answer {
	s.tg.AddBot(botToken(73), "shop73_bot", "Shop")
	s.tg.Fail(fault.Rule{Method: "getMe", Target: "shop73_bot", Drop: fault.DropBefore})
	return s.ask("POST", "/v1/bots", telegramBot(botToken(73)))
}

func provokePause(s *shop, phone string) answer {
	s.addBot(74)
	anna := s.link(phone)
	s.begin(fields{"phone": phone})
	_, err := anna.Press(s.inChat(anna), "It wasn't me")
	s.must(err)
	m, err := anna.WaitMessage(s.ctx(), s.bot, telegramsim.HasText("Shall we pause codes"))
	s.must(err)
	_, err = anna.Press(m, "Pause codes for 1 h")
	s.must(err)
	_, err = anna.WaitMessage(s.ctx(), s.bot, telegramsim.HasText("No codes will be sent"))
	s.must(err)
	return s.ask("POST", "/v1/verifications", fields{"phone": phone})
}

func provokeLock(s *shop, phone string) answer {
	for range 2 {
		v := s.begin(fields{"phone": phone, "code": "712839", "channels": []string{"sms"}})
		w := s.begin(fields{"phone": phone, "code": "739182", "channels": []string{"sms"}})
		for range 3 {
			s.check(v.ID, fields{"code": "000000"})
			s.check(w.ID, fields{"code": "000000"})
		}
	}
	return s.ask("POST", "/v1/verifications", fields{"phone": phone})
}

func provokeTooManyStarts(s *shop, phone string) answer {
	for range 5 {
		s.cancel(s.begin(fields{"phone": phone}).ID)
	}
	return s.ask("POST", "/v1/verifications", fields{"phone": phone})
}

func provokeTooManyLive(s *shop, phone string) answer {
	for range 3 {
		s.begin(fields{"phone": phone})
	}
	return s.ask("POST", "/v1/verifications", fields{"phone": phone})
}

// Looking for ids that do not exist is bounded far below the limit of calls.
func provokeRateLimited(s *shop, _ string) answer {
	for range 60 {
		s.ask("GET", "/v1/bots/bot_01kpx3q8e5f1ttgq0g7m9y2c4d", nil)
	}
	return s.ask("GET", "/v1/bots/bot_01kpx3q8e5f1ttgq0g7m9y2c4d", nil)
}
