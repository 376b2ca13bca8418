package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// part is a piece of a document that a test acts on: fenced text, or a
// direction, which is a comment that readers of the page do not see:
//
//	<!-- stage: the code arrives by SMS -->   somebody else acts; see the acts of the reader
//	<!-- shows: chat -->                      what the text below is: chat, sms, output, log;
//	                                          text without it is only looked at
//	<!-- save: login.go -->                   the program below is a file of this name
//	<!-- runs on -->                          the command below has no end
//	<!-- needs: node -->                      without this tool nothing is done from here to the next one
//	<!-- not run: needs a container engine --> the fenced text below is only looked at, and why
type part struct {
	kind string // sh, json, text or another word after the fence; or the direction's
	text string
}

var (
	partForm      = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$|^<!-- (stage|shows|save|runs on|needs|not run)(?:: (.*?))? -->$")
	wordsOfAFence = map[string]bool{"sh": true, "json": true, "text": true, "go": true, "js": true, "python": true, "yaml": true, "mermaid": true, "sql": true, "": true}
)

// parts reads a document from the top.
func parts(t testing.TB, document string) (all []part) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(source, document))
	if err != nil {
		t.Fatal(err)
	}
	fences := 0
	for _, m := range partForm.FindAllStringSubmatch(string(text), -1) {
		if m[3] != "" {
			all = append(all, part{m[3], m[4]})
			continue
		}
		if !wordsOfAFence[m[1]] {
			t.Errorf("%s: a test does not know what to do with ```%s", document, m[1])
		}
		fences++
		all = append(all, part{m[1], m[2]})
	}
	if n := strings.Count(string(text), "```"); n != 2*fences {
		t.Errorf("%s: %d fences, of which %d stand at the beginning of a line", document, n, 2*fences)
	}
	return all
}

var comment = regexp.MustCompile(`(?m)\s+# .*$`)

// commands are the commands of a part, without their comments.
func (p part) commands() []string {
	text := comment.ReplaceAllString(strings.ReplaceAll(p.text, "\\\n", " "), "")
	return strings.Split(strings.TrimSpace(text), "\n")
}

// fenced leaves out the directions.
func fenced(all []part) (texts []part) {
	for _, p := range all {
		if wordsOfAFence[p.kind] {
			texts = append(texts, p)
		}
	}
	return texts
}
