package sms

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"
)

// Load decodes a node strictly. Every type of the file that reads itself goes
// through here, so an unknown field is an error even where the file around it is
// read leniently, and the error tells the known ones.
func Load(n *yaml.Node, into any) error {
	return nameKnown(n.Load(into, yaml.WithKnownFields()), into)
}

// errAt returns an error that keeps its line when yaml passes it on.
func errAt(line int, format string, args ...any) error {
	cause := fmt.Errorf(format, args...)
	at := yaml.NewLoadError(yaml.ConstructorStage, cause.Error(), yaml.Mark{Line: line}, cause)
	return &yaml.LoadErrors{Errors: []*yaml.LoadError{at}}
}

// firstError words the first of yaml's errors as "line 12: what is wrong".
func firstError(err error) error {
	one, ok := errors.AsType[*yaml.LoadError](err)
	if all, several := errors.AsType[*yaml.LoadErrors](err); several && len(all.Errors) > 0 {
		one, ok = all.Errors[0], true
	}
	switch {
	case !ok:
		return err
	case one.Mark.Line == 0: // such as a byte that no text holds
		return errors.New(inWords(one.Message))
	}
	return fmt.Errorf("line %d: %s", one.Mark.Line, inWords(one.Message))
}
