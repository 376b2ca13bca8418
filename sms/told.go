package sms

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxTold bounds in bytes what is repeated of one place in an answer.
	maxTold = 60
	// tellingRun is how many letters or digits in a row may tell something of the
	// message. Every code has that many digits.
	tellingRun = 4
)

// told is what the answer says at the places that the declaration decides by, as
// path=value, for the operator who adds a rule for it. Other places are left out:
// they may hold anything. So is a value that repeats part of the message, of the
// number or of a secret, because codes and credentials are in no log.
func (p *provider) told(doc any, v values) []string {
	var list []string
	for _, c := range p.decisive() {
		text, ok := c.Path.text(doc, v)
		if !ok {
			continue
		}
		entry := c.Path.source + "=" + text
		if !repeatable(text, v) {
			entry = c.Path.source + " (not repeated)"
		}
		if !slices.Contains(list, entry) {
			list = append(list, entry)
		}
	}
	return list
}

// encoded is what no word is: a long run without a space, which may be anything in
// base64 or in hexadecimal digits.
var encoded = regexp.MustCompile(`[0-9A-Za-z+/=_-]{20,}`)

// repeatable reports whether a value may stand in the log: it is short, and no
// part of it is part of what was sent.
func repeatable(text string, sent values) bool {
	if len(text) > maxTold || strings.ContainsFunc(text, unicode.IsControl) || encoded.MatchString(text) {
		return false
	}
	words := bare(text)
	for _, value := range sent {
		if shares(words, bare(value)) {
			return false
		}
	}
	return true
}

// bare is a text without its spaces and marks and in small letters, so that
// 493 021 is found in 493021.
func bare(text string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text))
}

// shares reports a run of both texts that is long enough to tell something.
func shares(a, b []rune) bool {
	whole := string(b)
	for i := 0; i+tellingRun <= len(a); i++ {
		if strings.Contains(whole, string(a[i:i+tellingRun])) {
			return true
		}
	}
	return false
}
