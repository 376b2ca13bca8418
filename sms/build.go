package sms

import (
	"bytes"
	"context"
	"encoding/json"
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
	payload, contentType, err := p.Request.Body.encode(v)
	if err != nil {
		return nil, errBuild
	}
	address := p.Request.target.path.render(v, url.PathEscape)
	var content io.Reader // nil, and not an empty reader, where nothing is sent
	if payload != nil {
		content = bytes.NewReader(payload)
	}
	r, err := http.NewRequestWithContext(ctx, p.Request.Method, address, content)
	if err != nil {
		return nil, errBuild
	}
	if payload != nil {
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

func (b body) encode(v values) (payload []byte, contentType string, err error) {
	switch b.Type {
	case "json":
		var buf bytes.Buffer
		e := json.NewEncoder(&buf)
		e.SetEscapeHTML(false)
		err = e.Encode(fill(b.tree, v))
		return buf.Bytes(), "application/json", err
	case "form":
		return []byte(b.fields(v).Encode()), "application/x-www-form-urlencoded", nil
	}
	return nil, "", nil
}

func (b body) fields(v values) url.Values {
	fields := make(url.Values, len(b.form))
	for name, t := range b.form {
		fields.Set(name, t.render(v, nil))
	}
	return fields
}

// query joins what the URL, the body and the credentials put into the query.
func (p *provider) query(v values) string {
	var parts []string
	if fixed := p.Request.target.query.render(v, url.QueryEscape); fixed != "" {
		parts = append(parts, fixed)
	}
	if p.Request.Body.Type == "query" {
		parts = append(parts, p.Request.Body.fields(v).Encode())
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
