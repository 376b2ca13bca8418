package sms

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

var errBuild = errors.New("request cannot be built from the declaration")

// build writes the request for one message. Its errors hold nothing of what
// the request was built from.
func (p *provider) build(ctx context.Context, v values) (*http.Request, error) {
	payload, contentType := p.Request.Body.encode(v)
	address := p.Request.target.path.render(v, url.PathEscape)
	var content io.Reader // nil, and not an empty reader, where nothing is sent
	if contentType != "" {
		content = strings.NewReader(payload)
	}
	r, err := http.NewRequestWithContext(ctx, p.Request.Method, address, content)
	if err != nil {
		return nil, errBuild
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.URL.RawQuery = p.query(v)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "otpravka")
	for name, t := range p.Request.Headers {
		r.Header.Set(name, t.render(v, nil))
	}
	p.authorize(r, v)
	return r, nil
}

func (b body) encode(v values) (payload, contentType string) {
	switch b.Type {
	case "json":
		return b.text.render(v, escapeJSON), "application/json"
	case "form":
		return b.text.render(v, url.QueryEscape), "application/x-www-form-urlencoded"
	}
	return "", ""
}

// query joins what the URL, the body and the credentials put into the query.
func (p *provider) query(v values) string {
	var parts []string
	if fixed := p.Request.target.query.render(v, url.QueryEscape); fixed != "" {
		parts = append(parts, fixed)
	}
	if p.Request.Body.Type == "query" {
		parts = append(parts, p.Request.Body.text.render(v, url.QueryEscape))
	}
	if p.Auth.Type == "query" {
		parts = append(parts, url.Values{p.Auth.Name: {p.Auth.Value.render(v, nil)}}.Encode())
	}
	return strings.Join(parts, "&")
}

func (p *provider) authorize(r *http.Request, v values) {
	switch p.Auth.Type {
	case "basic":
		r.SetBasicAuth(p.Auth.Username.render(v, nil), p.Auth.Password.render(v, nil))
	case "bearer":
		r.Header.Set("Authorization", "Bearer "+p.Auth.Token.render(v, nil))
	case "header":
		r.Header.Set(p.Auth.Name, p.Auth.Value.render(v, nil))
	}
}
