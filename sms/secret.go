package sms

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v4"
)

// secretRef says where a secret is kept. The configuration file never holds
// one itself: it gets copied, committed and shown around.
type secretRef struct {
	source string // env or file
	name   string
	line   int
}

// UnmarshalYAML reads env:NAME or file:/path. The error does not repeat what
// stands there, since that may be a secret written down by mistake.
func (s *secretRef) UnmarshalYAML(n *yaml.Node) error {
	source, name, ok := strings.Cut(n.Value, ":")
	if n.Kind != yaml.ScalarNode || !ok || name == "" || (source != "env" && source != "file") {
		return errAt(n.Line, "a secret is a reference, env:NAME or file:/path, never the secret itself")
	}
	*s = secretRef{source: source, name: name, line: n.Line}
	return nil
}

// ReadSecret reads a reference of another part of the file: env:NAME or
// file:/path. The error names the line and does not repeat what stands there.
func ReadSecret(reference string, line int) (string, error) {
	var s secretRef
	if err := s.UnmarshalYAML(&yaml.Node{Kind: yaml.ScalarNode, Value: reference}); err != nil {
		return "", errNoReference
	}
	s.line = line
	return s.read()
}

var errNoReference = errors.New("a secret is a reference, env:NAME or file:/path, never the secret itself")

// maxSecret bounds what is read from a secret's file.
const maxSecret = 16 << 10

// read returns the secret. A file may end in a line break, as editors leave it.
func (s secretRef) read() (string, error) {
	var value string
	switch s.source {
	case "env":
		value = os.Getenv(s.name)
	default:
		raw, err := os.ReadFile(s.name)
		if err != nil {
			return "", fmt.Errorf("line %d: secret file: %w", s.line, err)
		}
		value = strings.TrimRight(string(raw), "\r\n")
	}
	switch {
	case value == "" && s.source == "env":
		return "", fmt.Errorf("line %d: secret env:%s is empty: set the variable %s", s.line, s.name, s.name)
	case value == "":
		return "", fmt.Errorf("line %d: secret file:%s is empty: put the secret into it", s.line, s.name)
	case len(value) > maxSecret || hasControl(value):
		return "", fmt.Errorf("line %d: secret %s:%s is no single line of text", s.line, s.source, s.name)
	}
	return value, nil
}

// hasControl finds characters that could end a header line.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
