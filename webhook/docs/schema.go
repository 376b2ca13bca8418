package docs

import (
	"slices"
	"strings"
)

// fields are the lines of an object's table.
func (r *reader) fields(schema node) []field {
	var required []string
	for _, name := range schema.at("required").list() {
		required = append(required, name.text())
	}
	var out []field
	for name, property := range schema.at("properties").entries() {
		f := r.field(name, property)
		f.Required = slices.Contains(required, name)
		out = append(out, f)
	}
	return out
}

// field describes a schema. A description beside a reference is about this
// use, and so stands in place of the one that the reference leads to.
func (r *reader) field(name string, schema node) field {
	own, whole := schema.child("description").text(), schema.follow()
	about := own
	if about == "" {
		about = whole.at("description").text()
	}
	return field{Name: name, Type: r.kind(schema), Limits: limits(whole), About: markdown(about), Advice: whole.at("x-advice").text()}
}

// kind names a schema's type in words.
func (r *reader) kind(schema node) kind {
	name, schema := schema.reference(), schema.follow()
	switch {
	case !schema.present():
		return kind{}
	case schema.at("properties").present() && name != "" && !strings.HasSuffix(name, "Request"):
		return kind{name, name}
	case schema.at("oneOf").present():
		var words []string
		object := ""
		for _, one := range schema.at("oneOf").list() {
			k := r.kind(one)
			words, object = append(words, k.Words), object+k.Object
		}
		return kind{strings.Join(words, " or "), object}
	}
	switch schema.at("type").text() {
	case "array":
		items := r.kind(schema.child("items"))
		return kind{"list of " + items.Words, items.Object}
	case "object":
		if values := schema.child("additionalProperties"); values.at("type").present() || values.reference() != "" {
			k := r.kind(values)
			return kind{"map of " + k.Words, k.Object}
		}
	case "string":
		if word := formats[schema.at("format").text()]; word != "" {
			return kind{word, ""}
		}
	}
	return kind{schema.at("type").text(), ""}
}

var formats = map[string]string{"date-time": "time", "uri": "URL", "uri-reference": "URL"}

// limits are what a value must keep, in words.
func limits(schema node) []string {
	var out []string
	add := func(before, words, after string) {
		if words != "" {
			out = append(out, before+words+after)
		}
	}
	of := func(low, high string) string { return span(schema.at(low).text(), schema.at(high).text()) }
	add("", of("minLength", "maxLength"), " characters")
	add("", of("minimum", "maximum"), "")
	add("", of("minItems", "maxItems"), " items")
	add("", of("minProperties", "maxProperties"), " names")
	if schema.at("uniqueItems").text() == "true" {
		out = append(out, "each once")
	}
	var words []string
	for _, word := range schema.at("enum").list() {
		words = append(words, word.text())
	}
	for _, word := range schema.at("items", "enum").list() {
		words = append(words, word.text())
	}
	add("one of ", strings.Join(words, ", "), "")
	add("always ", schema.at("const").text(), "")
	add("default ", schema.at("default").text(), "")
	return out
}

// span writes two bounds, of which either may be missing.
func span(low, high string) string {
	switch {
	case low != "" && high != "":
		return low + " to " + high
	case low != "":
		return low + " or more"
	case high != "":
		return "at most " + high
	}
	return ""
}
