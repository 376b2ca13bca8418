package api

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"otpravka/otpcore"
	"otpravka/webhook/strictjson"
)

// Contract is openapi.yaml, the contract that is served and kept.
//
//go:embed openapi.yaml
var Contract []byte

// operation is what the contract says about one operation, as far as it is
// kept before a handler runs.
type operation struct {
	scope      otpcore.Scope
	liveOnly   bool        // it touches real traffic, so test keys may not
	longPoll   bool        // its answer may wait for something to happen
	parameters []parameter // of the path, the query and the header
}

// byID reports whether the path of the operation holds an id.
func (op operation) byID() bool {
	for _, p := range op.parameters {
		if p.In == "path" {
			return true
		}
	}
	return false
}

// document is the part of an OpenAPI document that operations are read from.
type document struct {
	Paths      map[string]map[string]yaml.Node `yaml:"paths"`
	Components struct {
		Parameters map[string]parameter `yaml:"parameters"`
		Schemas    map[string]schema    `yaml:"schemas"`
	} `yaml:"components"`
}

type operationNode struct {
	OperationID string                       `yaml:"operationId"`
	Security    []map[string][]otpcore.Scope `yaml:"security"`
	Parameters  []parameter                  `yaml:"parameters"`
	LiveOnly    bool                         `yaml:"x-live-only"`
	LongPoll    bool                         `yaml:"x-long-poll"`
}

// readContract returns what the contract says about operations and what it says
// about bodies. The text is parsed once.
func readContract(contract []byte) (map[string]operation, *strictjson.Codec, error) {
	var (
		root yaml.Node
		doc  document
		all  map[string]any
	)
	if err := yaml.Unmarshal(contract, &root); err != nil {
		return nil, nil, fmt.Errorf("contract: %w", err)
	}
	if err := errors.Join(root.Decode(&doc), root.Decode(&all)); err != nil {
		return nil, nil, fmt.Errorf("contract: %w", err)
	}
	operations, err := doc.operations()
	if err != nil {
		return nil, nil, err
	}
	codec, err := strictjson.New(all)
	return operations, codec, err
}

// operations returns the operations that ask for a key, by operationId.
func (d *document) operations() (map[string]operation, error) {
	operations := map[string]operation{}
	for path, item := range d.Paths {
		var shared []parameter
		if node, ok := item["parameters"]; ok {
			if err := node.Decode(&shared); err != nil {
				return nil, fmt.Errorf("contract path %s: %w", path, err)
			}
			delete(item, "parameters")
		}
		for method, node := range item {
			var op operationNode
			if err := node.Decode(&op); err != nil {
				return nil, fmt.Errorf("contract %s %s: %w", method, path, err)
			}
			if len(op.Security) == 0 {
				continue
			}
			op.Parameters = append(op.Parameters, shared...)
			read, err := d.operation(op)
			if err != nil {
				return nil, fmt.Errorf("contract %s %s: %w", method, path, err)
			}
			operations[op.OperationID] = read
		}
	}
	return operations, nil
}

func (d *document) operation(node operationNode) (operation, error) {
	scopes := node.Security[0]["apiKey"]
	if len(scopes) != 1 {
		return operation{}, fmt.Errorf("%d scopes in place of one", len(scopes))
	}
	op := operation{scope: scopes[0], liveOnly: node.LiveOnly, longPoll: node.LongPoll}
	for _, p := range node.Parameters {
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			p = d.Components.Parameters[name]
		}
		if name, ok := strings.CutPrefix(p.Schema.Ref, "#/components/schemas/"); ok {
			p.Schema = d.Components.Schemas[name]
		}
		if err := p.Schema.compile(); err != nil {
			return operation{}, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		op.parameters = append(op.parameters, p)
	}
	return op, nil
}
