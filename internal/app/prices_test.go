package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"otpravka/internal/app"
)

// TestPricesOfMetaAreRead: an operator copies them from a rate card, and one that
// was mistyped must not become a wrong sum.
func TestPricesOfMetaAreRead(t *testing.T) {
	for name, tt := range map[string]struct {
		yaml string
		want string // part of the one sentence; empty: it is right
	}{
		"whole":            {`{currency: USD, by_category: {authentication: {KZ: "0.0189", "*": "0.05"}, service: {"*": "0"}}}`, ""},
		"nothing":          {`{}`, ""},
		"no currency":      {`{by_category: {service: {"*": "0"}}}`, "write the currency as three capital letters"},
		"small letters":    {`{currency: usd, by_category: {service: {"*": "0"}}}`, "write the currency as three capital letters"},
		"a decimal comma":  {`{currency: USD, by_category: {service: {KZ: "0,05"}}}`, `service: KZ: write a country as two capital letters or *, and its price like "0.0125"`},
		"a sign":           {`{currency: USD, by_category: {service: {KZ: "-1"}}}`, "service: KZ"},
		"a name":           {`{currency: USD, by_category: {service: {Kazakhstan: "0.05"}}}`, "service: Kazakhstan"},
		"a misspelled key": {`{currency: USD, by_categories: {service: {KZ: "0.05"}}}`, "by_categories"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "otpravka.yaml")
			if err := os.WriteFile(path, []byte("whatsapp_prices: "+tt.yaml+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := app.ReadFile(path)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%v, want %q", err, tt.want)
			case err != nil && strings.Count(err.Error(), "\n") > 0:
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}
