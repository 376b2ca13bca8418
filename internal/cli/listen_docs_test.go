package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"otpravka/otpcore"
)

func TestEventsPageListsEveryType(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(source, "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []otpcore.EventType
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+\\.[a-z_]+)` \\| [A-Z].*\\. \\|$").FindAllSubmatch(text, -1) {
		listed = append(listed, otpcore.EventType(m[1]))
	}
	if !slices.Equal(listed, otpcore.EventTypes) {
		t.Errorf("the page lists %v, the code has %v", listed, otpcore.EventTypes)
	}
}
