package telegramsim

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"time"
)

// webhook is the address that gets a bot's updates instead of getUpdates.
type webhook struct {
	url    string
	secret string
	max    int // parallel posts
	ctx    context.Context
	cancel context.CancelFunc
	lanes  map[int64]bool // lanes with a goroutine
	slots  chan struct{}

	lastErrorAt time.Time
	lastError   string
}

var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

const (
	maxSecret          = 256
	defaultConnections = 40
	maxConnections     = 100
)

func (s *Server) setWebhook(req *request) (reply, error) {
	p := req.params
	if p["url"] == "" {
		return s.deleteWebhook(req)
	}
	if err := s.checkWebhook(p); err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := req.bot
	b.setAllowed(p)
	b.dropPending(p)
	limit := defaultConnections
	if n := p.int("max_connections"); n != 0 {
		limit = int(min(max(n, 1), maxConnections))
	}
	if h := b.hook; h != nil && h.url == p["url"] && h.secret == p["secret_token"] && h.max == limit {
		return reply{true, "Webhook is already set"}, nil
	}
	b.endPoll(errHookKilledPoll)
	b.stopWebhook()
	ctx, cancel := context.WithCancel(s.life)
	b.hook = &webhook{
		url: p["url"], secret: p["secret_token"], max: limit, ctx: ctx, cancel: cancel,
		lanes: make(map[int64]bool), slots: make(chan struct{}, limit),
	}
	for _, u := range b.queue {
		b.openLane(u.lane)
	}
	return reply{true, "Webhook was set"}, nil
}

func (s *Server) checkWebhook(p params) error {
	target, err := url.Parse(p["url"])
	if err != nil || target.Host == "" || (target.Scheme != "https" && target.Scheme != "http") {
		return badRequest("bad webhook: invalid webhook URL specified")
	}
	if s.opts.StrictWebhooks {
		if target.Scheme != "https" {
			return badRequest("bad webhook: An HTTPS URL must be provided for webhook")
		}
		if !slices.Contains([]string{"", "443", "80", "88", "8443"}, target.Port()) {
			return badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
		}
	}
	if len(p["secret_token"]) > maxSecret {
		return badRequest("secret token is too long")
	}
	if !secretForm.MatchString(p["secret_token"]) {
		return badRequest("secret token contains unallowed characters")
	}
	return nil
}

func (s *Server) deleteWebhook(req *request) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := req.bot
	b.dropPending(req.params)
	if b.hook == nil {
		return reply{true, "Webhook is already deleted"}, nil
	}
	b.stopWebhook()
	return reply{true, "Webhook was deleted"}, nil
}

func (s *Server) getWebhookInfo(req *request) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := req.bot
	info := struct {
		URL                  string   `json:"url"`
		HasCustomCertificate bool     `json:"has_custom_certificate"`
		PendingUpdateCount   int      `json:"pending_update_count"`
		LastErrorDate        int64    `json:"last_error_date,omitempty"`
		LastErrorMessage     string   `json:"last_error_message,omitempty"`
		MaxConnections       int      `json:"max_connections,omitempty"`
		AllowedUpdates       []string `json:"allowed_updates,omitempty"`
	}{PendingUpdateCount: len(b.queue)}
	for kind := range b.allowed {
		info.AllowedUpdates = append(info.AllowedUpdates, kind)
	}
	slices.Sort(info.AllowedUpdates)
	if h := b.hook; h != nil {
		info.URL, info.MaxConnections, info.LastErrorMessage = h.url, h.max, h.lastError
		if h.lastError != "" {
			info.LastErrorDate = h.lastErrorAt.Unix()
		}
	}
	return reply{result: info}, nil
}

// stopWebhook ends the posting; updates in hand stay in the queue. The caller
// holds the lock.
func (b *Bot) stopWebhook() {
	if b.hook != nil {
		b.hook.cancel()
		b.hook = nil
	}
}

func (b *Bot) dropPending(p params) {
	if p.bool("drop_pending_updates") {
		b.queue = nil
	}
}

// openLane makes sure that somebody posts the updates of a lane while a webhook
// is set. The caller holds the lock.
func (b *Bot) openLane(lane int64) {
	h := b.hook
	if h == nil || h.lanes[lane] {
		return
	}
	h.lanes[lane] = b.srv.host.Go(func() { b.runLane(h, lane) })
}

// nextInLane returns the oldest waiting update of a lane, or closes the lane.
func (b *Bot) nextInLane(h *webhook, lane int64) (update, bool) {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	if b.hook == h {
		for _, u := range b.queue {
			if u.lane == lane {
				return u, true
			}
		}
	}
	delete(h.lanes, lane)
	return update{}, false
}

// laneDone removes an update that the webhook took.
func (b *Bot) laneDone(done update) {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	for i, u := range b.queue {
		if u.id == done.id && u.lane == done.lane {
			b.queue = slices.Delete(b.queue, i, i+1)
			return
		}
	}
}

func (h *webhook) fail(b *Bot, text string) {
	b.srv.mu.Lock()
	defer b.srv.mu.Unlock()
	h.lastErrorAt, h.lastError = b.srv.opts.Now(), text
}
