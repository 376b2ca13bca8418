package whatsappcloudsim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Template is one language of a template.
type Template struct {
	ID       string
	Account  string
	Name     string
	Language string
	Category string // authentication, utility
	Status   string // APPROVED, PENDING, REJECTED, PAUSED
	Reason   string // of a refusal
	TTL      int    // message_send_ttl_seconds
	Button   string // otp_type of an authentication template
	Body     string // of a utility template, with its {{names}}
	Edits    int    // how often it was changed or handed in again
}

// drafted is a template as it is handed in.
type drafted struct {
	Name       string `json:"name"`
	Language   string `json:"language"`
	Category   string `json:"category"`
	Format     string `json:"parameter_format"`
	TTL        int    `json:"message_send_ttl_seconds"`
	Components []struct {
		Type    string `json:"type"`
		Text    string `json:"text"`
		Minutes int    `json:"code_expiration_minutes"`
		Example struct {
			Named []struct {
				Name    string `json:"param_name"`
				Example string `json:"example"`
			} `json:"body_text_named_params"`
		} `json:"example"`
		Buttons []struct {
			Kind  string           `json:"otp_type"`
			Apps  []map[string]any `json:"supported_apps"`
			Terms bool             `json:"zero_tap_terms_accepted"`
		} `json:"buttons"`
	} `json:"components"`
}

var namedForm = regexp.MustCompile(`\{\{([a-z_]+)\}\}`)

// sound checks what Meta documents of templates.
func (in *drafted) sound() bool {
	if in.Name == "" || in.Language == "" {
		return false
	}
	switch in.Category {
	case "authentication":
		return in.TTL >= 30 && in.TTL <= 900 && in.soundCode()
	case "utility":
		return in.TTL >= 30 && in.TTL <= 43200 && in.soundNews()
	}
	return false
}

func (in *drafted) soundCode() bool {
	if len(in.Components) != 3 || len(in.Components[2].Buttons) != 1 || in.Components[1].Minutes < 1 || in.Components[1].Minutes > 90 {
		return false
	}
	b := in.Components[2].Buttons[0]
	return (b.Kind == "copy_code" || len(b.Apps) > 0) && (b.Kind != "zero_tap" || b.Terms)
}

func (in *drafted) soundNews() bool {
	if in.Format != "NAMED" || len(in.Components) != 1 || in.Components[0].Type != "body" {
		return false
	}
	body := in.Components[0]
	names := namedForm.FindAllStringSubmatch(body.Text, -1)
	if len(body.Text) > 1024 || len(names) != len(body.Example.Named) || strings.HasPrefix(body.Text, "{{") || strings.HasSuffix(body.Text, "}}") {
		return false
	}
	for i := range names {
		if body.Example.Named[i].Name != names[i][1] || body.Example.Named[i].Example == "" {
			return false
		}
	}
	return true
}

func (s *Server) make(w http.ResponseWriter, accountID string, raw []byte) {
	var in drafted
	if json.Unmarshal(raw, &in) != nil || !in.sound() {
		refuse(w, http.StatusBadRequest, 100)
		return
	}
	t := &Template{Account: accountID, Name: in.Name, Language: in.Language, Category: in.Category, Status: "APPROVED", TTL: in.TTL}
	if in.Category == "authentication" {
		t.Button = in.Components[2].Buttons[0].Kind
	} else {
		t.Body = in.Components[0].Text
	}
	if s.opts.Review {
		t.Status = "PENDING"
	}
	s.mu.Lock()
	double := s.named(accountID, in.Name, in.Language) != nil
	if !double {
		t.ID = strconv.Itoa(594_425_479_261_000 + len(s.templates))
		s.templates = append(s.templates, t)
	}
	s.mu.Unlock()
	if double {
		refuse(w, http.StatusBadRequest, 100)
		return
	}
	s.changed.Notify()
	accept(w, map[string]string{"id": t.ID, "status": t.Status, "category": strings.ToUpper(t.Category)})
}

// edit takes a new life, or the same parts again, which asks for a new review.
func (s *Server) edit(w http.ResponseWriter, id string, raw []byte) {
	var in drafted
	if json.Unmarshal(raw, &in) != nil || in.TTL < 30 && len(in.Components) == 0 {
		refuse(w, http.StatusBadRequest, 100)
		return
	}
	s.mu.Lock()
	t := s.find(func(t *Template) bool { return t.ID == id })
	if t.Status == "PENDING" {
		s.mu.Unlock()
		refuse(w, http.StatusBadRequest, 100)
		return
	}
	t.Edits++
	if in.TTL >= 30 {
		t.TTL = in.TTL
	}
	if len(in.Components) > 0 {
		t.Status, t.Reason = "APPROVED", ""
		if s.opts.Review {
			t.Status = "PENDING"
		}
	}
	s.mu.Unlock()
	s.changed.Notify()
	accept(w, map[string]bool{"success": true})
}

func (s *Server) list(accountID, part string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []map[string]any
	for _, t := range s.templates {
		if t.Account == accountID && strings.Contains(t.Name, part) {
			reason := t.Reason
			if reason == "" {
				reason = "NONE"
			}
			list = append(list, map[string]any{
				"id": t.ID, "name": t.Name, "language": t.Language, "status": t.Status, "category": strings.ToUpper(t.Category),
				"rejected_reason": reason, "message_send_ttl_seconds": t.TTL,
			})
		}
	}
	return list
}

func (s *Server) isTemplate(accountID, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.template(accountID, id) != nil
}

// template and named find a template. The caller holds the lock.
func (s *Server) template(accountID, id string) *Template {
	return s.find(func(t *Template) bool { return t.Account == accountID && t.ID == id })
}

func (s *Server) named(accountID, name, language string) *Template {
	return s.find(func(t *Template) bool { return t.Account == accountID && t.Name == name && t.Language == language })
}

func (s *Server) find(is func(*Template) bool) *Template {
	if i := slices.IndexFunc(s.templates, is); i >= 0 {
		return s.templates[i]
	}
	return nil
}

// judgeTemplate fills in what the phone shows of a template, or answers Meta's code
// of a refusal. The caller holds the lock.
func (s *Server) judgeTemplate(a *account, in *outgoing, m *Message) int {
	t := s.named(a.AccountID, in.Template.Name, in.Template.Language.Code)
	switch {
	case t == nil:
		return 132001
	case t.Status == "PAUSED":
		return 132015
	case t.Status != "APPROVED":
		return 132001
	case t.Category == "authentication" && in.To == "":
		return 131062
	}
	m.Template, m.Language, m.Category = t.Name, t.Language, t.Category
	parts := in.Template.Components
	if t.Category == "authentication" {
		if len(parts) != 2 || len(parts[0].Parameters) != 1 || len(parts[1].Parameters) != 1 {
			return 132000
		}
		m.Code = parts[0].Parameters[0].Text
		switch {
		case m.Code != parts[1].Parameters[0].Text:
			return 132012
		case len(m.Code) > 15 || m.Code == "":
			return 132005
		}
		return 0
	}
	m.Text = t.Body
	if len(parts) != 1 || len(parts[0].Parameters) != len(namedForm.FindAllString(t.Body, -1)) {
		return 132000
	}
	for _, p := range parts[0].Parameters {
		switch {
		case !strings.Contains(m.Text, "{{"+p.Name+"}}") || p.Text == "":
			return 132000
		case strings.ContainsAny(p.Text, "\n\t") || strings.Contains(p.Text, "     "):
			return 132012
		}
		m.Text = strings.ReplaceAll(m.Text, "{{"+p.Name+"}}", p.Text)
	}
	if len([]rune(m.Text)) > 1024 {
		return 132005
	}
	return 0
}

// Template tells of one language of a template, or false where there is none.
func (s *Server) Template(accountID, name, language string) (Template, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.named(accountID, name, language); t != nil {
		return *t, true
	}
	return Template{}, false
}

// Review decides on a template and tells of it. A reason goes with a refusal.
func (s *Server) Review(ctx context.Context, phoneNumberID, name, language, status, reason string) (int, error) {
	s.mu.Lock()
	var t *Template
	if a := s.accounts[phoneNumberID]; a != nil {
		t = s.named(a.AccountID, name, language)
	}
	if t == nil {
		s.mu.Unlock()
		return 0, fmt.Errorf("template %s %s: %w", name, language, ErrUnknown)
	}
	t.Status, t.Reason = status, reason
	s.mu.Unlock()
	return s.Post(ctx, phoneNumberID, "message_template_status_update", map[string]any{
		"event": status, "message_template_name": name, "message_template_language": language, "reason": reason,
	})
}
