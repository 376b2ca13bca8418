package sms

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

var (
	// elsewhere are the types whose fields stand in another struct.
	elsewhere = map[reflect.Type]reflect.Type{
		reflect.TypeFor[body]():      reflect.TypeFor[bodyFields](),
		reflect.TypeFor[errorRule](): reflect.TypeFor[errorFields](),
		reflect.TypeFor[condition](): reflect.TypeFor[conditionFields](),
	}
	// single are the structs that one value is read into.
	single = []reflect.Type{
		reflect.TypeFor[template](), reflect.TypeFor[path](), reflect.TypeFor[pattern](),
		reflect.TypeFor[secretRef](), reflect.TypeFor[statusRange](), reflect.TypeFor[yaml.Node](),
	}
)

// declarable lists the fields that may stand at a place of the file, as
// rate.timeout. Conditions are the same everywhere, so theirs have no place.
func declarable(t testing.TB, of reflect.Type, at string) (names []string) {
	t.Helper()
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if other, ok := elsewhere[of]; ok {
		of = other
	}
	if of.Kind() != reflect.Struct || slices.Contains(single, of) {
		return []string{at}
	}
	if of == reflect.TypeFor[conditionFields]() {
		names, at = append(names, at), ""
	}
	for field := range of.Fields() {
		switch name, _, tagged := strings.Cut(field.Tag.Get("yaml"), ","); {
		case name != "":
			names = append(names, declarable(t, field.Type, strings.TrimPrefix(at+"."+name, "."))...)
		case tagged: // inline
			names = append(names, declarable(t, field.Type, at)...)
		}
	}
	if len(names) == 0 {
		t.Errorf("%v at %s: list it under elsewhere or single", of, at)
	}
	return names
}

var (
	rowForm  = regexp.MustCompile("(?m)^\\| (`.*?`) \\|")
	nameForm = regexp.MustCompile("`([^`]*)`")
)

func page(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../docs/sms.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDocsTellEveryField(t *testing.T) {
	var told []string
	for _, row := range rowForm.FindAllStringSubmatch(page(t), -1) {
		for _, name := range nameForm.FindAllStringSubmatch(row[1], -1) {
			told = append(told, name[1])
		}
	}
	known := declarable(t, reflect.TypeFor[declaration](), "")
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range known {
		if !slices.Contains(told, name) {
			t.Errorf("docs/sms.md has no row for `%s`", name)
		}
	}
	for _, name := range told {
		if !slices.Contains(known, name) {
			t.Errorf("docs/sms.md has a row for `%s`, which no declaration has", name)
		}
	}
}

func TestDocsTellEveryClassAndVariable(t *testing.T) {
	text := page(t)
	for class := range outcomes {
		if !strings.Contains(text, "`"+string(class)+"`") {
			t.Errorf("docs/sms.md does not tell the class `%s`", class)
		}
	}
	for _, name := range append(slices.Clone(recipient), varText, varDLRURL) {
		if !strings.Contains(text, "`{{"+name+"}}`") {
			t.Errorf("docs/sms.md does not tell the variable {{%s}}", name)
		}
	}
}
