package app_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "otpravka/"
)

// mayImport says which rooms of the house a room may see. A room that is not
// listed sees none; tests may see every room, so that nothing need be mocked.
var mayImport = map[string][]string{
	"otpcore":             {},
	"otpcore/coretest":    {"otpcore"},
	"templates":           {"otpcore"},
	"storage":             {"otpcore", "storage/migrations", "internal/backoff", "internal/failpoint"},
	"storage/storagetest": {"otpcore", "otpcore/coretest"},
	"sms":                 {"otpcore", "internal/failpoint"},
	"bot":                 {"otpcore", "internal/backoff"},
	"bot/telegram":        {"otpcore", "bot", "internal/backoff", "internal/failpoint"},
	"bot/telegramgateway": {"otpcore", "bot"},
	"bot/whatsappcloud":   {"otpcore", "bot"},
	"bot/whatsappdevice":  {"otpcore", "bot", "internal/backoff"},
	"internal/phone":      {"otpcore"},
	"internal/keyring":    {"otpcore"},
	"internal/metrics":    {"otpcore", "storage"},
	"internal/pgtest":     {"internal/freeport"},
	"webhook":             {"otpcore", "webhook/..."},
	"webhook/...":         {"otpcore", "webhook/...", "internal/failpoint", "internal/spelling"},
	"webhook/events":      {"otpcore", "internal/backoff", "internal/failpoint"},
	"internal/sim/...":    {"internal/sim/..."},
	"internal/app":        {"..."},
	"internal/app/admin":  {"otpcore", "internal/failpoint"},
	"internal/cli":        {"..."},
	"internal/demo":       {"..."},
	"internal/bench":      {"..."},
	"cmd/otpravka":        {"internal/cli"},
}

func TestRoomsSeeOnlyWhatTheyMay(t *testing.T) {
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		room := filepath.ToSlash(filepath.Dir(rel))
		for _, imported := range imports(t, path) {
			if other, ours := strings.CutPrefix(imported, module); ours && !allowed(room, other) {
				t.Errorf("%s imports %s: %s may not see that room", rel, imported, room)
			}
			if room == "otpcore" && strings.Contains(strings.Split(imported, "/")[0], ".") {
				t.Errorf("%s imports %s: the domain uses the standard library only", rel, imported)
			}
			if strings.Contains(imported, "labstack/echo") && !strings.HasPrefix(room, "webhook") {
				t.Errorf("%s imports %s: only webhook knows echo", rel, imported)
			}
			if strings.HasPrefix(imported, "math/rand") && !strings.HasSuffix(room, "test") {
				t.Errorf("%s imports %s: draw from crypto/rand", rel, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func imports(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, spec := range file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

func allowed(room, other string) bool {
	list, listed := mayImport[room]
	if !listed {
		parent, _, _ := strings.Cut(room, "/")
		if parent == "internal" {
			parent = strings.Join(strings.Split(room, "/")[:2], "/")
		}
		list = mayImport[parent+"/..."]
	}
	for _, pattern := range list {
		prefix, family := strings.CutSuffix(pattern, "...")
		if other == pattern || family && strings.HasPrefix(other, prefix) {
			return true
		}
	}
	return false
}
