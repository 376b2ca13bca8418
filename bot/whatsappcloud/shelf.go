package whatsappcloud

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"time"

	"otpravka/otpcore"
)

// The buttons that a template may have.
const (
	copyCode = "copy_code"
	oneTap   = "one_tap"
	zeroTap  = "zero_tap"
)

// templateNames are the names of our templates, one for each kind of button: what
// Meta has approved cannot change its kind.
var templateNames = map[string]string{
	copyCode: "otpravka_code", oneTap: "otpravka_code_one_tap", zeroTap: "otpravka_code_zero_tap",
}

// Languages are those in which templates are made. They are the locales of the
// texts, and Meta knows them by the same names.
var languages = []string{"en", "ru", "kk", "uz"}

// Bounds of message_send_ttl_seconds for codes.
const (
	leastTTL = 30 * time.Second
	mostTTL  = 15 * time.Minute
)

// Settings are what a template is made with.
type Settings struct {
	TTL           time.Duration // life of a code
	FallbackAfter time.Duration // when SMS takes over: later than that Meta need not deliver
}

// shelf is what is known of the templates of a number. It is safe for concurrent
// use.
type shelf struct {
	account otpcore.CloudAccount
	access  access

	mu     sync.Mutex
	read   bool              // Meta was asked since the program started
	worked bool              // they were approved when the program ended
	status map[string]string // by language: APPROVED, PENDING, REJECTED, PAUSED, …
}

func (s *shelf) button() string {
	if s.account.Button == "" {
		return copyCode
	}
	return s.account.Button
}

func (s *shelf) name() string { return templateNames[s.button()] }

// usable reports whether a code can go to a bare number. Until Meta was asked, it
// is taken for as true as it was before.
func (s *shelf) usable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.read {
		return s.worked
	}
	return slices.Contains(s.approved(), true)
}

func (s *shelf) approved() []bool {
	var list []bool
	for _, status := range s.status {
		list = append(list, status == "APPROVED")
	}
	return list
}

// missing says in one sentence why no template can be used.
func (s *shelf) missing() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	any := func(status string) bool {
		for _, is := range s.status {
			if is == status {
				return true
			}
		}
		return false
	}
	switch {
	case any("PENDING"), !s.read:
		return "Meta has not approved the text of codes yet; that takes minutes, rarely a day. Who writes to the number gets codes already."
	case any("PAUSED"):
		return "Meta has paused the text of codes, because people took it for spam; it comes back by itself."
	case any("REJECTED"), any("DISABLED"):
		return "Meta has refused the text of codes; see why in WhatsApp Manager under message templates, and ask for a review there."
	}
	return "Meta lets the account make no text for codes; verify the business at business.facebook.com, Otpravka then makes it by itself."
}

// language is the one nearest to the wanted that Meta has approved.
func (s *shelf) language(wanted string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.read && slices.Contains(languages, wanted) {
		return wanted
	}
	for _, l := range append([]string{wanted}, languages...) {
		if s.status[l] == "APPROVED" {
			return l
		}
	}
	return languages[0]
}

type templateButton struct {
	Type     string `json:"type"`
	Kind     string `json:"otp_type"`
	Accepted bool   `json:"zero_tap_terms_accepted,omitempty"`

	Apps []otpcore.AndroidApp `json:"supported_apps,omitempty"`
}

// draft is a template as Meta is asked to make it. Meta writes the text itself.
func (s *shelf) draft(language string, set Settings) map[string]any {
	b := templateButton{Type: "otp", Kind: s.button(), Accepted: s.button() == zeroTap, Apps: s.account.Apps}
	minutes := min(max(1, int((set.TTL+time.Minute-1)/time.Minute)), 90)
	return map[string]any{
		"name": s.name(), "language": language, "category": "authentication",
		"message_send_ttl_seconds": int(min(max(set.FallbackAfter, leastTTL), mostTTL) / time.Second),
		"components": []any{
			map[string]any{"type": "body", "add_security_recommendation": true},
			map[string]any{"type": "footer", "code_expiration_minutes": minutes},
			map[string]any{"type": "buttons", "buttons": []templateButton{b}},
		},
	}
}

// sync reads what became of the templates, and makes those that are missing. What
// Meta refuses to make is left for the next time.
func (s *shelf) sync(ctx context.Context, client *Client, set Settings) *callError {
	path := s.account.AccountID + "/message_templates"
	var page struct {
		Data []struct {
			Name     string `json:"name"`
			Language string `json:"language"`
			Status   string `json:"status"`
		} `json:"data"`
	}
	query := url.Values{"name": {s.name()}, "fields": {"name,language,status"}, "limit": {"100"}}
	if failed := client.get(ctx, s.access, path, query, &page); failed != nil {
		return failed
	}
	found := make(map[string]string)
	for _, one := range page.Data {
		if one.Name == s.name() { // Meta searches for parts of names
			found[one.Language] = one.Status
		}
	}
	var failed *callError
	for _, l := range languages {
		if found[l] != "" || failed != nil {
			continue
		}
		var made struct {
			Status string `json:"status"`
		}
		if failed = client.post(ctx, s.access, path, s.draft(l, set), &made); failed == nil {
			found[l] = made.Status
		}
	}
	s.mu.Lock()
	s.read, s.status = true, found
	s.mu.Unlock()
	if failed != nil && failed.verdict().fall(nil) == nil && failed.kind == refused && failed.verdict().class != otpcore.ClassProviderDown {
		return nil // the state says so
	}
	return failed
}
