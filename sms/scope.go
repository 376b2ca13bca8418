package sms

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// scope is what the templates of one place may refer to.
type scope struct {
	vars    map[string]string
	secrets map[string]secretRef
	message []string
	// missing are the variables that would be known if the file had a section,
	// and the name of that.
	missing map[string]string
}

// recipient lists the variables that fit on one line and hold nothing that an
// outsider wrote; in a request the text joins them.
var recipient = []string{"to", "to_digits", "to_national", "msg_id", "locale"}

const (
	varText   = "text"
	varDLRURL = "dlr_url"
)

func (s scope) knows(name string) bool {
	key, isSecret := strings.CutPrefix(name, "secret.")
	if isSecret {
		_, ok := s.secrets[key]
		return ok
	}
	return slices.Contains(s.message, name)
}

// refuse says what to do about a variable that is not known here.
func (s scope) refuse(name string) error {
	if section, ok := s.missing[name]; ok {
		return fmt.Errorf("variable {{%s}} needs a section %s: add one, or remove the variable", name, section)
	}
	return fmt.Errorf("variable {{%s}} is unknown here; known are %s", name, s)
}

// String lists the variables, for the error that names an unknown one.
func (s scope) String() string {
	names := slices.Clone(s.message)
	for _, key := range slices.Sorted(maps.Keys(s.vars)) {
		names = append(names, "vars."+key)
	}
	for _, key := range slices.Sorted(maps.Keys(s.secrets)) {
		names = append(names, "secret."+key)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
