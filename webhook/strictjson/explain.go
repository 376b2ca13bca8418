package strictjson

import (
	"cmp"
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
func (c *Codec) explain(err error) error {
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	findings := c.collect(invalid, nil)
	slices.SortStableFunc(findings, func(a, b finding) int {
		if d := slices.Index(severity, a.code) - slices.Index(severity, b.code); d != 0 {
			return d
		}
		return strings.Compare(string(a.at), string(b.at))
	})
	p := problem.New(findings[0].code)
	for _, f := range findings[:min(len(findings), maxFindings)] {
		p.Found(problem.Field{Pointer: shown(f.at), Code: f.code, Detail: f.detail})
	}
	return p
}

// collect walks down to the errors that name a keyword. A oneOf is one finding:
// its branches contradict each other. An error about a name comes without its
// place and gets the place of what it stands in.
func (c *Codec) collect(e *jsonschema.ValidationError, around []string) []finding {
	if _, ok := e.ErrorKind.(*kind.OneOf); !ok && len(e.Causes) > 0 && !isNames(e) {
		var all []finding
		for _, cause := range e.Causes {
			all = append(all, c.collect(cause, e.InstanceLocation)...)
		}
		return all
	}
	at := pointer(e.InstanceLocation)
	if isNames(e) {
		at = pointer(around)
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return each(k.Properties, at, "unknown_field", func(name string) string { return c.unknown(name, e) })
	case *kind.Required:
		return each(k.Missing, at, "missing_field", func(string) string { return "Send this field." })
	case *kind.Type:
		if k.Got == "null" {
			return []finding{{"null_value", at, "Leave this field out instead of null."}}
		}
		return []finding{{"wrong_type", at, "Send " + strings.Join(k.Want, " or ") + " here."}}
	}
	return []finding{{"invalid_value", at, c.advice(e)}}
}

func isNames(e *jsonschema.ValidationError) bool {
	_, ok := e.ErrorKind.(*kind.PropertyNames)
	return ok
}

// each makes a finding of each name, up to as many as an answer has.
func each(names []string, at jsontext.Pointer, code string, detail func(name string) string) []finding {
	found := make([]finding, 0, maxFindings)
	slices.Sort(names)
	for _, name := range names[:min(len(names), maxFindings)] {
		found = append(found, finding{code, at.AppendToken(name), detail(name)})
	}
	return found
}

// unknown says of a name that the schema does not have which one was meant, if
// one is near.
func (c *Codec) unknown(name string, e *jsonschema.ValidationError) string {
	_, at, _ := strings.Cut(e.SchemaURL, "#")
	if meant := c.fields[at].Nearest(name); meant != "" {
		return "This field does not exist. Its name may be " + meant + "."
	}
	return "This field does not exist."
}

// advice says what the keyword that failed asks for. Where a keyword says
// nothing to people, a pattern for example, the contract has the sentence.
func (c *Codec) advice(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
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
		return "Send at least " + count(k.Want, "character") + "."
	case *kind.MaxLength:
		return "Send at most " + count(k.Want, "character") + "."
	case *kind.MinItems:
		return "Send at least " + count(k.Want, "item") + "."
	case *kind.MaxItems:
		return "Send at most " + count(k.Want, "item") + "."
	case *kind.UniqueItems:
		return "Send each item once."
	case *kind.MinProperties:
		return "Send at least " + count(k.Want, "field") + "."
	case *kind.MaxProperties:
		return "Send at most " + count(k.Want, "field") + "."
	}
	_, at, _ := strings.Cut(e.SchemaURL, "#")
	return cmp.Or(c.sentences[at], "Write this value as the contract shows it.")
}

func count(n int, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
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
