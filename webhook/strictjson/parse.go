package strictjson

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"otpravka/webhook/problem"
)

// maxDepth is how deep a request may nest. The deepest request of the contract
// needs four levels; parsers of other languages have died at thousands.
const maxDepth = 8

// parse reads exactly one JSON object (RFC 8259) and refuses what parsers
// disagree about: names given twice, bad UTF-8, text after the end. The values
// are nil, bool, string, int64, float64, []any and map[string]any.
func parse(data []byte) (map[string]any, *problem.Problem) {
	switch {
	case len(bytes.TrimLeft(data, " \t\r\n")) == 0:
		// The cause lets an operation with an optional body tell "none" from
		// "wrong".
		return nil, problem.New("empty_body").Because(io.EOF)
	case !utf8.Valid(data):
		return nil, problem.New("invalid_utf8")
	}
	p := parser{dec: jsontext.NewDecoder(bytes.NewBuffer(data))} // a Buffer is read in place
	v, err := p.value()
	if err != nil {
		return nil, syntaxProblem(err)
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, problem.New("not_an_object")
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, problem.New("trailing_data")
	}
	if len(p.controls) > 0 {
		refusal := problem.New("control_character")
		for _, at := range p.controls {
			refusal.At(shown(at), "Remove control characters here.")
		}
		return nil, refusal
	}
	return object, nil
}

// parser turns tokens into values and remembers texts with control characters.
type parser struct {
	dec      *jsontext.Decoder
	controls []jsontext.Pointer
}

var errTooDeep = errors.New("nesting too deep")

func (p *parser) value() (any, error) {
	token, err := p.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if p.dec.StackDepth() > maxDepth {
		return nil, errTooDeep
	}
	switch token.Kind() {
	case '{':
		return p.object()
	case '[':
		return p.array()
	case '"':
		return p.text(token.String()), nil
	case '0':
		return number(token.String())
	case 'n':
		return nil, nil
	}
	return token.Bool(), nil
}

func (p *parser) object() (map[string]any, error) {
	object := map[string]any{}
	for p.dec.PeekKind() != '}' {
		name, err := p.dec.ReadToken()
		if err != nil {
			return nil, err
		}
		// A token is void after the next read, so its text is taken now.
		key := p.text(name.String())
		if object[key], err = p.value(); err != nil {
			return nil, err
		}
	}
	_, err := p.dec.ReadToken()
	return object, err
}

func (p *parser) array() ([]any, error) {
	array := []any{}
	for p.dec.PeekKind() != ']' {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		array = append(array, v)
	}
	_, err := p.dec.ReadToken()
	return array, err
}

// text notes control characters: PostgreSQL cannot store U+0000, and none of
// the others has a place in a name, a phone or a message. Line breaks and tabs
// are left to the rules of each field.
func (p *parser) text(s string) string {
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			p.controls = append(p.controls, p.dec.StackPointer())
			break
		}
	}
	return s
}

// number keeps whole numbers exact. What no float64 holds becomes the largest
// one, which is outside of every bound of the contract.
func number(text string) (any, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if errors.Is(err, strconv.ErrRange) {
		return math.Copysign(math.MaxFloat64, f), nil
	}
	return f, err
}

func syntaxProblem(err error) *problem.Problem {
	if errors.Is(err, errTooDeep) {
		return problem.New("too_deep")
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok && errors.Is(e.Err, jsontext.ErrDuplicateName) {
		return problem.New("duplicate_key").At(shown(e.JSONPointer), "This field stands here twice.")
	}
	return problem.New("malformed_json").Because(err)
}
