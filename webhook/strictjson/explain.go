package strictjson

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"otpravka/webhook/problem"
)

// maxFindings bounds an answer to a request that is wrong all over.
const maxFindings = 16

// finding is one place where a body breaks the contract.
type finding struct {
	code   string
	at     jsontext.Pointer
	detail string
}

// severity orders the codes: the first one found names the problem as a whole.
var severity = []string{"unknown_field", "missing_field", "null_value", "wrong_type", "invalid_value"}

// explain turns a validation error into a problem that names each place and
// what to send there. Values never appear in it.
func explain(err error) error {
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	findings := collect(invalid, nil)
	slices.SortStableFunc(findings, func(a, b finding) int {
		if d := slices.Index(severity, a.code) - slices.Index(severity, b.code); d != 0 {
			return d
		}
		return strings.Compare(string(a.at), string(b.at))
	})
	p := problem.New(findings[0].code)
	for _, f := range findings[:min(len(findings), maxFindings)] {
		p.Errors = append(p.Errors, problem.Field{Pointer: shown(f.at), Code: f.code, Detail: f.detail})
	}
	return p
}

// collect walks down to the errors that name a keyword. A oneOf is one finding:
// its branches contradict each other. An error about a name comes without its
// place and gets the place of what it stands in.
func collect(e *jsonschema.ValidationError, around []string) []finding {
	if _, ok := e.ErrorKind.(*kind.OneOf); !ok && len(e.Causes) > 0 && !isNames(e) {
		var all []finding
		for _, cause := range e.Causes {
			all = append(all, collect(cause, e.InstanceLocation)...)
		}
		return all
	}
	at := pointer(e.InstanceLocation)
	if isNames(e) {
		at = pointer(around)
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return each(k.Properties, at, "unknown_field", "This field does not exist.")
	case *kind.Required:
		return each(k.Missing, at, "missing_field", "Send this field.")
	case *kind.Type:
		if k.Got == "null" {
			return []finding{{"null_value", at, "Leave this field out instead of null."}}
		}
		return []finding{{"wrong_type", at, "Send " + strings.Join(k.Want, " or ") + " here."}}
	}
	return []finding{{"invalid_value", at, advice(e.ErrorKind)}}
}

func isNames(e *jsonschema.ValidationError) bool {
	_, ok := e.ErrorKind.(*kind.PropertyNames)
	return ok
}

func each(names []string, at jsontext.Pointer, code, detail string) []finding {
	found := make([]finding, 0, len(names))
	for _, name := range names {
		found = append(found, finding{code, at.AppendToken(name), detail})
	}
	return found
}

// advice says what the keyword that failed asks for.
func advice(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Enum:
		words := make([]string, 0, len(k.Want))
		for _, w := range k.Want {
			words = append(words, fmt.Sprint(w))
		}
		return "Use one of: " + strings.Join(words, ", ") + "."
	case *kind.Minimum:
		return "Send " + k.Want.RatString() + " or more."
	case *kind.Maximum:
		return "Send " + k.Want.RatString() + " or less."
	case *kind.MinLength:
		return fmt.Sprintf("Send at least %d characters.", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("Send at most %d characters.", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("Send at least %d items.", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("Send at most %d items.", k.Want)
	case *kind.UniqueItems:
		return "Send each item once."
	case *kind.MinProperties:
		return fmt.Sprintf("Send at least %d fields.", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("Send at most %d fields.", k.Want)
	case *kind.PropertyNames:
		return "A name in this object is too long or has other characters than allowed."
	case *kind.Pattern:
		return "Write this value in the form " + k.Want + "."
	}
	return "Write this value as the contract shows it."
}

func pointer(tokens []string) jsontext.Pointer {
	var p jsontext.Pointer
	for _, t := range tokens {
		p = p.AppendToken(t)
	}
	return p
}

// harmless is a name that may be repeated in an answer. Others, a phone put
// in the place of a name for example, are cut off from the pointer.
var harmless = regexp.MustCompile(`^([A-Za-z_][A-Za-z_-]{0,39}[0-9]{0,2}|[0-9]{1,4})$`)

// shown returns the pointer up to the first token that must not be repeated.
func shown(p jsontext.Pointer) string {
	var out jsontext.Pointer
	for token := range p.Tokens() {
		if !harmless.MatchString(token) {
			break
		}
		out = out.AppendToken(token)
	}
	return string(out)
}
