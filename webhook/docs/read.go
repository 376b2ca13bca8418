package docs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"otpravka/webhook/problem"
)

// reader turns the contract into a view.
type reader struct {
	root    node
	base    string
	objects map[string]bool // named by answers, to be shown once each
}

func read(contract []byte, base string) (*view, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(contract, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("empty contract")
	}
	top := doc.Content[0]
	r := &reader{root: node{top, top}, base: strings.TrimRight(base, "/"), objects: map[string]bool{}}
	info := r.root.at("info")
	v := &view{
		Title: info.at("title").text(), Version: info.at("version").text(), Summary: info.at("summary").text(), Base: r.base,
		About: markdown(info.at("description").text()),
	}
	if err := r.readGroups(v); err != nil {
		return nil, err
	}
	r.readObjects(v)
	for _, code := range problem.Codes() {
		v.Problems = append(v.Problems, lineOf(code))
	}
	return v, nil
}

func lineOf(code string) problemLine {
	p := problem.New(code)
	return problemLine{Code: code, Title: p.Title, Fix: p.Detail, Status: p.Status}
}

// methods in the order in which they stand under one path.
var methods = []string{"get", "post", "put", "patch", "delete"}

func (r *reader) readGroups(v *view) error {
	byTag := map[string][]operation{}
	for path, item := range r.root.at("paths").entries() {
		for method, op := range item.entries() {
			if !slices.Contains(methods, method) {
				continue
			}
			read, err := r.operation(method, path, item, op)
			if err != nil {
				return fmt.Errorf("%s %s: %w", method, path, err)
			}
			for _, tag := range op.at("tags").list() {
				byTag[tag.text()] = append(byTag[tag.text()], read)
			}
		}
	}
	for _, tag := range r.root.at("tags").list() {
		name := tag.at("name").text()
		v.Groups = append(v.Groups, group{Name: name, About: markdown(tag.at("description").text()), Operations: byTag[name]})
	}
	return nil
}

func (r *reader) operation(method, path string, item, op node) (operation, error) {
	out := operation{
		ID: op.at("operationId").text(), Method: strings.ToUpper(method), Path: path, Summary: op.at("summary").text(),
		About: markdown(op.at("description").text()), LiveOnly: op.at("x-live-only").text() == "true",
	}
	if keys := op.at("security").list(); len(keys) > 0 {
		if scopes := keys[0].at("apiKey").list(); len(scopes) > 0 {
			out.Scope = scopes[0].text()
		}
	}
	parameters := append(item.at("parameters").list(), op.at("parameters").list()...)
	for i, p := range parameters {
		p = p.follow()
		parameters[i] = p
		f := r.field(p.at("name").text(), p.child("schema"))
		f.In, f.Required = p.at("in").text(), p.at("required").text() == "true"
		f.About = markdown(p.at("description").text())
		out.Parameters = append(out.Parameters, f)
	}
	if err := r.readBody(&out, op.at("requestBody")); err != nil {
		return out, err
	}
	if err := r.readAnswers(&out, op.at("responses")); err != nil {
		return out, err
	}
	out.Curl = r.curl(out, parameters)
	return out, nil
}

func (r *reader) readBody(out *operation, body node) error {
	if !body.present() {
		return nil
	}
	media := body.at("content", "application/json")
	out.HasBody, out.Optional = true, body.at("required").text() != "true"
	out.Fields = r.fields(media.at("schema"))
	for _, property := range media.at("schema", "properties").entries() {
		r.note(property)
	}
	var err error
	out.Requests, err = examples(media)
	return err
}

// readAnswers splits what succeeds from what is refused.
func (r *reader) readAnswers(out *operation, responses node) error {
	for status, response := range responses.entries() {
		response = response.follow()
		a := answer{Status: status, About: markdown(response.at("description").text())}
		for name := range response.at("headers").entries() {
			a.Headers = append(a.Headers, name)
		}
		for _, media := range response.at("content").entries() {
			var err error
			if a.Examples, err = examples(media); err != nil {
				return err
			}
			if parts := media.at("schema", "allOf").list(); len(parts) > 1 {
				for _, code := range parts[1].at("properties", "code", "enum").list() {
					a.Codes = append(a.Codes, lineOf(code.text()))
				}
				continue
			}
			a.Type = r.kind(media.child("schema"))
			r.note(media.child("schema"))
		}
		if status >= "400" {
			out.Refusals = append(out.Refusals, a)
		} else {
			out.Answers = append(out.Answers, a)
		}
	}
	return nil
}

func examples(media node) ([]example, error) {
	var out []example
	for name, e := range media.at("examples").entries() {
		e = e.follow()
		text := e.at("value").text()
		if text == "" {
			var err error
			if text, err = e.at("value").json(); err != nil {
				return nil, fmt.Errorf("example %s: %w", name, err)
			}
		}
		if summary := e.at("summary").text(); summary != "" {
			name = summary
		} else {
			name = ""
		}
		out = append(out, example{Name: name, JSON: text})
	}
	return out, nil
}

// note remembers the objects that a body or an answer names, and those inside of them.
func (r *reader) note(schema node) {
	name := schema.reference()
	if name != "" && r.objects[name] {
		return
	}
	schema = schema.follow()
	if name != "" && schema.at("properties").present() {
		r.objects[name] = true
	}
	for _, child := range schema.at("properties").entries() {
		r.note(child)
	}
	for _, below := range []string{"items", "additionalProperties"} {
		if child := schema.child(below); child.present() {
			r.note(child)
		}
	}
}

func (r *reader) readObjects(v *view) {
	r.objects["Problem"], r.objects["Money"], r.objects["HandoverCode"] = true, true, true // no answer names them
	schemas := r.root.at("components", "schemas")
	for _, name := range slices.Sorted(maps.Keys(r.objects)) {
		schema := schemas.at(name)
		v.Objects = append(v.Objects, object{Name: name, About: markdown(schema.at("description").text()), Fields: r.fields(schema)})
	}
}
