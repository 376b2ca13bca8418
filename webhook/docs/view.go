package docs

import "html/template"

// view is what the page shows.
type view struct {
	Title, Version, Summary, Base string

	About    template.HTML
	Groups   []group
	Objects  []object
	Problems []problemLine
}

// group is the operations of one tag.
type group struct {
	Name       string
	About      template.HTML
	Operations []operation
}

type operation struct {
	ID, Method, Path, Summary string

	About      template.HTML
	Scope      string // that a key needs; empty: no key is asked
	LiveOnly   bool
	Parameters []field
	Fields     []field // of the body
	HasBody    bool
	Optional   bool // the body may be left out
	Requests   []example
	Curl       string
	Answers    []answer
	Refusals   []answer
}

// field is one line of a table of parameters or fields.
type field struct {
	Name, In string
	Type     kind
	Required bool
	Limits   []string
	About    template.HTML
	Advice   string // what to write, where the limits are a pattern
}

// kind is a type, with the object that it names where there is one.
type kind struct{ Words, Object string }

type example struct{ Name, JSON string }

type answer struct {
	Status   string
	About    template.HTML
	Type     kind
	Headers  []string
	Examples []example
	Codes    []problemLine
}

// object is a part of answers that has fields of its own.
type object struct {
	Name   string
	About  template.HTML
	Fields []field
}

// problemLine is one code of the table of problems.
type problemLine struct {
	Code, Title, Fix string
	Status           int
}
