package whatsappcloud

import (
	"cmp"
	"context"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"otpravka/otpcore"
)

// shelf is what is known of the templates of a number. It is safe for concurrent
// use.
type shelf struct {
	account otpcore.CloudAccount
	access  access
	log     *slog.Logger

	syncing chan struct{} // holds one during a talk about them

	mu     sync.Mutex
	read   time.Time // when Meta was last asked; zero: not since the program started
	worked bool      // that for codes was approved, as far as is known, when the connector before ended
	papers map[string]map[string]paper
}

// paper is a template in one language, as Meta has it. Those of a shelf lie by
// name and language.
type paper struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Language string `json:"language"`
	Status   string `json:"status"` // APPROVED, PENDING, REJECTED, PAUSED, DISABLED, …
	Reason   string `json:"rejected_reason"`
	TTL      int    `json:"message_send_ttl_seconds"`
}

func (s *shelf) codeForm() string { return codeForms[buttonOf(&s.account)] }

// usable reports whether a code can go to a bare number.
func (s *shelf) usable() bool { return s.works(s.codeForm()) }

// tells reports whether news of an order can go into a chat whose window is closed.
func (s *shelf) tells() bool { return s.works(newsForm) }

// works reports whether some language of the form is approved. Until Meta was
// asked, it is taken for as true as that for codes was before: news that is due
// in that moment would otherwise be paid for as an SMS, or not leave at all.
func (s *shelf) works(form string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read.IsZero() {
		return s.worked
	}
	for _, p := range s.papers[form] {
		if p.Status == "APPROVED" {
			return true
		}
	}
	return false
}

// condition is how the number is doing as far as its texts for codes go, with the
// sentence that says why none can be used.
func (s *shelf) condition() (otpcore.BotState, string) {
	if s.usable() {
		return otpcore.BotConnected, ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	any := func(statuses ...string) (paper, bool) {
		for _, l := range languages {
			if p := s.papers[s.codeForm()][l]; slices.Contains(statuses, p.Status) {
				return p, true
			}
		}
		return paper{}, false
	}
	if _, waits := any("PENDING"); waits || s.read.IsZero() {
		return otpcore.BotUnapproved, "Meta has not approved the text of codes yet; that takes minutes, rarely a day. Who writes to the number gets codes already."
	}
	if _, paused := any("PAUSED"); paused {
		return otpcore.BotTextsRefused, "Meta has paused the text of codes, because people took it for spam; it comes back by itself."
	}
	if p, refused := any("REJECTED", "DISABLED"); refused {
		why := ""
		if r := reason(p.Reason); r != "" {
			why = " (" + r + ")"
		}
		return otpcore.BotTextsRefused, "Meta has refused the text of codes" + why + "; mend what it names in WhatsApp Manager, then hand the text in again with POST /v1/bots/{id}/templates/sync."
	}
	return otpcore.BotTextsRefused, "Meta lets the account make no text for codes; verify the business at business.facebook.com, Otpravka then makes it by itself."
}

// language is the one nearest to the wanted in which Meta has approved the form.
func (s *shelf) language(form, wanted string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read.IsZero() && slices.Contains(languages, wanted) {
		return wanted
	}
	for _, l := range append([]string{wanted}, languages...) {
		if s.papers[form][l].Status == "APPROVED" {
			return l
		}
	}
	return languages[0]
}

var reasonForm = regexp.MustCompile(`^[A-Z][A-Z_]{2,63}$`)

// reason is Meta's word for why it refused, or nothing.
func reason(word string) string {
	if word == "NONE" || !reasonForm.MatchString(word) {
		return ""
	}
	return word
}

// list tells of every template that there ought to be.
func (s *shelf) list() []otpcore.BotTemplate {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []otpcore.BotTemplate
	for _, f := range []form{codes(&s.account, Settings{}), news()} {
		for _, l := range languages {
			p := s.papers[f.name][l]
			all = append(all, otpcore.BotTemplate{
				Name: f.name, Locale: l, Category: f.category, Status: statusOf(p.Status), Reason: reason(p.Reason), CheckedAt: s.read,
			})
		}
	}
	return all
}

// statusOf is Meta's word in ours. Words that are new lie near to those that are
// known: such a template cannot be used.
func statusOf(word string) otpcore.BotTemplateStatus {
	status := otpcore.BotTemplateStatus(strings.ToLower(cmp.Or(word, string(otpcore.TextMissing))))
	if !slices.Contains(otpcore.BotTemplateStatuses, status) {
		return otpcore.TextDisabled
	}
	return status
}

// sync reads what became of the templates, makes those that are missing, and
// changes the life of those that have another. With again, those that Meta has
// refused are handed in once more. What Meta refuses to make is left for the next
// time.
func (s *shelf) sync(ctx context.Context, client *Client, set Settings, again bool) *callError {
	select {
	case s.syncing <- struct{}{}:
		defer func() { <-s.syncing }()
	case <-ctx.Done(): // a talk with a slow Meta takes minutes, and who asks has seconds
		return &callError{kind: unwritten, err: ctx.Err()}
	}
	found, failed := s.look(ctx, client)
	if failed != nil {
		return failed
	}
	for _, f := range []form{codes(&s.account, set), news()} {
		if e := s.see(ctx, client, &f, found, again); e != nil && !e.itself() {
			failed = e
			break
		}
	}
	s.mu.Lock()
	s.read, s.papers = time.Now(), found
	s.mu.Unlock()
	return failed
}

// look asks Meta for all of our templates at once.
func (s *shelf) look(ctx context.Context, client *Client) (map[string]map[string]paper, *callError) {
	var page struct {
		Data []paper `json:"data"`
	}
	query := url.Values{"name": {ourNames}, "fields": {"id,name,language,status,rejected_reason,message_send_ttl_seconds"}, "limit": {"250"}}
	if failed := client.get(ctx, s.access, s.account.AccountID+"/message_templates", query, &page); failed != nil {
		return nil, failed
	}
	found := make(map[string]map[string]paper)
	for _, p := range page.Data { // Meta searches for parts of names, so some may be others'
		if found[p.Name] == nil {
			found[p.Name] = make(map[string]paper)
		}
		found[p.Name][p.Language] = p
	}
	return found, nil
}

// see sees to one form, and notes what Meta answers in found. It gives up when
// Meta takes none of the first two languages: an account that may make no such text
// may make it in no language, and Meta counts the calls.
func (s *shelf) see(ctx context.Context, client *Client, f *form, found map[string]map[string]paper, again bool) *callError {
	if found[f.name] == nil {
		found[f.name] = make(map[string]paper)
	}
	barred := false
	for _, l := range languages {
		p, there := found[f.name][l]
		var failed *callError
		switch {
		case !there:
			failed = client.post(ctx, s.access, s.account.AccountID+"/message_templates", f.draft(l), &p)
		case again && p.Status == "REJECTED":
			failed = s.edit(ctx, client, p.ID, map[string]any{"components": f.parts(l), "message_send_ttl_seconds": f.seconds()})
			p.Status, p.Reason = "PENDING", ""
		case p.TTL != 0 && p.TTL != f.seconds() && p.Status == "APPROVED":
			// Meta allows one change a day; the next look tries again.
			failed = s.edit(ctx, client, p.ID, map[string]any{"message_send_ttl_seconds": f.seconds()})
		default:
			continue
		}
		switch {
		case failed == nil:
			p.Name, p.Language = f.name, l
			found[f.name][l] = p
		case there && failed.itself():
			s.log.WarnContext(ctx, "template not changed", "template", f.name, "language", l, "error", failed)
		case failed.itself() && (len(found[f.name]) > 0 || !barred):
			barred = true // one language may be: its owner deleted it, and its name is blocked for weeks
		default:
			return failed
		}
	}
	return nil
}

func (s *shelf) edit(ctx context.Context, client *Client, id string, change map[string]any) *callError {
	var done struct{}
	return client.post(ctx, s.access, id, change, &done)
}

// itself reports whether Meta refused what it was asked for, rather than whoever
// asked, or because it is out of order: the state tells of it, and the rest goes on.
func (e *callError) itself() bool {
	v := e.verdict()
	return e.kind == refused && v.fall(nil) == nil && v.class != otpcore.ClassProviderDown && v.class != otpcore.ClassThrottled
}
