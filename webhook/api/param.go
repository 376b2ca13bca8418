package api

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"otpravka/otpcore"
)

// ParamValue is a value for a place in a template's text: a string, or an
// amount of money.
type ParamValue struct{ otpcore.Param }

// UnmarshalJSONFrom reads either form.
func (p *ParamValue) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case '"':
		return json.UnmarshalDecode(dec, &p.Text)
	case '{':
		p.Money = new(otpcore.Money)
		return json.UnmarshalDecode(dec, p.Money)
	}
	return errors.New("neither a string nor an amount")
}

// CancelBody is what a cancel may say: nothing so far. The generator makes a map
// of an object without fields, which would hold whatever was sent.
type CancelBody struct{}

// SchemaName is the name of the schema in the contract.
func (*CancelBody) SchemaName() string { return "CancelVerificationRequest" }

// OrderRow is one update of a batch, not looked at yet: what is wrong with it is
// no fault of the others.
type OrderRow struct{ raw jsontext.Value }

// UnmarshalJSONFrom takes the object as it stands.
func (r *OrderRow) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	r.raw = raw.Clone()
	return err
}
