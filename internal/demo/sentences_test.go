package demo

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	saidForm = regexp.MustCompile(`(?:say\(|by\(|\{\{say )"((?:[^"\\]|\\.)*)"`)
	slotForm = regexp.MustCompile(`\{\w+\}`)
)

// TestEverySentenceIsSpoken finds what is said in the page, its scripts and the
// timeline, and expects it in Russian, with the same values in it.
func TestEverySentenceIsSpoken(t *testing.T) {
	ru, err := speak("ru")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	read := func(text []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range saidForm.FindAllStringSubmatch(string(text), -1) {
			said[m[1]] = true
		}
	}
	read(os.ReadFile("timeline.go"))
	err = fs.WalkDir(embedded, "page", func(path string, d fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".js") || strings.HasSuffix(path, ".html") {
			read(embedded.ReadFile(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, trouble := range troubles {
		said[trouble.Name], said[trouble.Hint] = true, true
	}
	if len(said) < 140 {
		t.Fatalf("only %d sentences were found", len(said))
	}
	for english := range said {
		if ru.sentences[english] == "" {
			t.Errorf("%q is not said in Russian", english)
		}
	}
	for english, russian := range ru.sentences {
		for _, slot := range slotForm.FindAllString(english, -1) {
			if !strings.Contains(russian, slot) {
				t.Errorf("%q has no %s", russian, slot)
			}
		}
	}
}

func TestUnknownLanguage(t *testing.T) {
	if err := Page(t.Context(), Options{Lang: "xx"}); err == nil || !strings.Contains(err.Error(), "en and ru") {
		t.Errorf("xx is answered %v", err)
	}
}
