package cli_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// noServer are the folders whose programs are not the server.
var noServer = regexp.MustCompile(`/(internal/(demo|sim|bench|crash)|[a-z]+test)/`)

// Every line of the log that wants somebody stands in the document for whoever
// reads it at night.
func TestDocumentListsWarnings(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(source, "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Logs\n")
	section, _, _ = strings.Cut(section, "\n## ")
	found := 0
	for message, path := range warnings(t) {
		found++
		if !strings.Contains(section, "`"+message+"`") {
			t.Errorf("docs/operations.md, Logs: %q of %s is not listed", message, path)
		}
	}
	if found < 30 {
		t.Errorf("only %d messages are found in the source", found)
	}
}

// warnings are the constant messages of WARN and ERROR, and where they stand.
func warnings(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || noServer.MatchString(path) {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if message, ok := warning(n); ok {
				all[message] = path
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// messageAt is where the methods of a logger take the message.
var messageAt = map[string]int{"Warn": 0, "Error": 0, "WarnContext": 1, "ErrorContext": 1, "LogAttrs": 2}

func warning(n ast.Node) (message string, ok bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	at, logs := messageAt[method.Sel.Name]
	if !logs || at >= len(call.Args) {
		return "", false
	}
	text, ok := call.Args[at].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	message, err := strconv.Unquote(text.Value)
	return message, err == nil
}
