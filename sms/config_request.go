package sms

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// request declares the call that sends a message.
type request struct {
	Method  string              `yaml:"method"`
	URL     template            `yaml:"url"`
	Headers map[string]template `yaml:"headers"`
	Body    body                `yaml:"body"`

	target target
}

// target is a URL template cut where the escaping changes.
type target struct{ path, query template }

// auth declares how a call proves who we are.
type auth struct {
	Type     string   `yaml:"type"` // none, basic, bearer, header, query
	Username template `yaml:"username"`
	Password template `yaml:"password"`
	Token    template `yaml:"token"`
	Name     string   `yaml:"name"`
	Value    template `yaml:"value"`
}

// UnmarshalYAML reads the section and checks that it has the fields of its
// type and no others.
func (a *auth) UnmarshalYAML(n *yaml.Node) error {
	type plain auth
	if err := Load(n, (*plain)(a)); err != nil {
		return err
	}
	given := map[string]bool{
		"username": !a.Username.isZero(), "password": !a.Password.isZero(),
		"token": !a.Token.isZero(), "name": a.Name != "", "value": !a.Value.isZero(),
	}
	wanted, ok := map[string][]string{
		"none": {}, "basic": {"username", "password"}, "bearer": {"token"}, "header": {"name", "value"}, "query": {"name", "value"},
	}[a.Type]
	if !ok {
		return errAt(n.Line, "auth type %q: none, basic, bearer, header or query", a.Type)
	}
	for field, has := range given {
		if has != slices.Contains(wanted, field) {
			return errAt(n.Line, "auth of type %s has the fields [%s]", a.Type, strings.Join(wanted, " "))
		}
	}
	if a.Type == "header" && !headerName.MatchString(a.Name) {
		return errAt(n.Line, "header name %q is not allowed", a.Name)
	}
	return nil
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// bindRequest resolves what the request's templates refer to.
func (d *declaration) bindRequest() error {
	// A header never carries the text: it is one line, and logs of proxies
	// show it.
	oneLine := d.scope(true, recipient...)
	if d.DLR != nil {
		oneLine.message = append(slices.Clone(recipient), varDLRURL)
	} else {
		oneLine.missing = map[string]string{varDLRURL: "dlr"}
	}
	full := oneLine
	full.message = append(slices.Clone(oneLine.message), varText)
	if err := d.Request.bind(d.line, full, oneLine); err != nil {
		return err
	}
	secretsOnly := d.scope(true)
	for _, t := range []*template{&d.Auth.Username, &d.Auth.Password, &d.Auth.Token, &d.Auth.Value} {
		if err := t.bind(secretsOnly); err != nil {
			return err
		}
	}
	return d.checkCarries()
}

func (r *request) bind(line int, full, oneLine scope) error {
	if r.URL.isZero() {
		return errAt(line, "request.url is missing")
	}
	line = r.URL.line
	hasBody := r.Body.Type == "json" || r.Body.Type == "form"
	switch r.Method {
	case http.MethodPost, http.MethodPut:
	case http.MethodGet:
		if hasBody {
			return errAt(line, "request.method GET sends its fields with body.type query")
		}
	default:
		return errAt(line, "request.method %q: GET, POST or PUT", r.Method)
	}
	for name, t := range r.Headers {
		if !headerName.MatchString(name) {
			return errAt(t.line, "header name %q is not allowed", name)
		}
		if err := t.bind(oneLine); err != nil {
			return err
		}
		r.Headers[name] = t
	}
	if err := r.Body.bind(full); err != nil {
		return err
	}
	if err := r.URL.bind(full); err != nil {
		return err
	}
	return r.cut()
}

// cut checks the URL and parts it at its question mark. The vars are in place
// by now; what is still variable must come after the host.
func (r *request) cut() error {
	r.target = target{}
	at := &r.target.path
	for _, p := range r.URL.parts {
		before, after, found := strings.Cut(p.literal, "?")
		if found && at == &r.target.path {
			at.literal(before)
			at = &r.target.query
			p.literal = after
		}
		at.parts = append(at.parts, p)
	}
	fixed := ""
	if len(r.URL.parts) > 0 {
		fixed = r.URL.parts[0].literal
	}
	u, err := url.Parse(fixed)
	ends := len(r.URL.parts) == 1 || strings.ContainsAny(strings.TrimPrefix(strings.TrimPrefix(fixed, "https://"), "http://"), "/?")
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || !ends {
		return errAt(r.URL.line, "request.url: write http:// or https:// and a host without {{secret}} or message variables")
	}
	if u.User != nil || strings.Contains(r.URL.render(nil, nil), "#") {
		return errAt(r.URL.line, "request.url: no user and no #fragment; credentials belong into auth")
	}
	return nil
}
