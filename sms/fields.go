package sms

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// unknownField is how the yaml library says that a struct has no such field.
var unknownField = regexp.MustCompile(`^field (.*) not found in type (.*)$`)

// nameKnown adds to yaml's errors about unknown fields those that the place
// knows, which is a struct that the file is read into or one below it.
func nameKnown(err error, into any) error {
	all, ok := errors.AsType[*yaml.LoadErrors](err)
	if !ok {
		return err
	}
	for _, one := range all.Errors {
		m := unknownField.FindStringSubmatch(one.Message)
		if m == nil {
			continue
		}
		one.Message = fmt.Sprintf("unknown field %q", m[1])
		if place := structNamed(m[2], reflect.TypeOf(into)); place != nil {
			one.Message += "; known here are " + strings.Join(fieldNames(place), ", ")
		}
	}
	return err
}

// structNamed finds the struct with the name at or below a type. What reads
// itself there has come through Load before, and has named its fields already.
func structNamed(name string, at reflect.Type) reflect.Type {
	switch at.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return structNamed(name, at.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	if at.String() == name {
		return at
	}
	for field := range at.Fields() {
		if _, tagged := field.Tag.Lookup("yaml"); !tagged {
			continue
		}
		if found := structNamed(name, field.Type); found != nil {
			return found
		}
	}
	return nil
}

// fieldNames lists the fields of a struct as they are written in YAML, with
// those of the structs that stand inline in it.
func fieldNames(of reflect.Type) (names []string) {
	for field := range of.Fields() {
		switch name, _, tagged := strings.Cut(field.Tag.Get("yaml"), ","); {
		case name != "":
			names = append(names, name)
		case tagged:
			names = append(names, fieldNames(field.Type)...)
		}
	}
	return names
}
