package sms

import "slices"

// checkCarries refuses a request that takes no code to anybody. The provider
// would accept it, and every user would wait for a message that says nothing.
func (d *declaration) checkCarries() error {
	r := &d.Request
	switch {
	case !r.carries(varText):
		return errAt(r.URL.line, "provider %s: the request does not carry the message: write {{text}} in the URL or the body", d.ID)
	case !r.carries("to", "to_digits", "to_national"):
		return errAt(r.URL.line, "provider %s: the request does not say to whom: write {{to}}, {{to_digits}} or {{to_national}} in the URL, a header or the body", d.ID)
	}
	return nil
}

// carries reports whether one of the variables stands anywhere in a request
// that is bound. What auth adds holds secrets only.
func (r *request) carries(variables ...string) bool {
	parts := slices.Concat(r.URL.parts, r.Body.text.parts)
	for _, header := range r.Headers {
		parts = append(parts, header.parts...)
	}
	return slices.ContainsFunc(parts, func(p part) bool { return slices.Contains(variables, p.name) })
}
