package sms

import (
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v4"
)

var unknownField = regexp.MustCompile(`^field (.*) not found in type .*$`)

// load decodes a node strictly. Every type of a declaration that reads itself
// goes through here, so an unknown field is an error even where the file
// around the declaration is read leniently.
func load(n *yaml.Node, into any) error {
	err := n.Load(into, yaml.WithKnownFields())
	found, ok := errors.AsType[*yaml.LoadErrors](err)
	if !ok {
		return err
	}
	for _, e := range found.Errors {
		e.Message = unknownField.ReplaceAllString(e.Message, `unknown field "$1"`)
	}
	return found
}

// errAt returns an error that keeps its line when yaml passes it on.
func errAt(line int, format string, args ...any) error {
	cause := fmt.Errorf(format, args...)
	at := yaml.NewLoadError(yaml.ConstructorStage, cause.Error(), yaml.Mark{Line: line}, cause)
	return &yaml.LoadErrors{Errors: []*yaml.LoadError{at}}
}

// firstError words the first of yaml's errors as "line 12: what is wrong".
func firstError(err error) error {
	if all, ok := errors.AsType[*yaml.LoadErrors](err); ok && len(all.Errors) > 0 {
		return fmt.Errorf("line %d: %s", all.Errors[0].Mark.Line, all.Errors[0].Message)
	}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		return fmt.Errorf("line %d: %s", one.Mark.Line, one.Message)
	}
	return err
}
