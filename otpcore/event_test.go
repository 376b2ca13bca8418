package otpcore

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// Every type in event.go is either a note or in the list of types.
func TestEventTypesAreAllTypes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []EventType
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "EventType" {
			return true
		}
		word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if !EventType(word).IsNote() {
			declared = append(declared, EventType(word))
		}
		return true
	})
	if !slices.Equal(declared, EventTypes) {
		t.Errorf("declared are %v, listed %v", declared, EventTypes)
	}
}
