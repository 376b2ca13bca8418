package templates

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// realTexts returns a copy of the texts that a test may break.
func realTexts(t testing.TB) fstest.MapFS {
	t.Helper()
	files, err := fs.Sub(embedded, "texts")
	if err != nil {
		t.Fatal(err)
	}
	texts := make(fstest.MapFS)
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(files, name)
		texts[name] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// TestLoadRefusesBrokenTexts breaks the real texts in one place at a time: each
// fault must stop the program at its start and not a message later.
func TestLoadRefusesBrokenTexts(t *testing.T) {
	if _, err := load(realTexts(t)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, old, new, want string }{
		{"en/codes.yaml", "your login code for {{brand}}", "your login code for {{company}}", `unknown placeholder "company"`},
		{"en/codes.yaml", "your login code for {{brand}}", "your login code", "login.chat: {{brand}} stands 0 times"},
		{"en/codes.yaml", "your login code for {{brand}}", "your login code for {{brand", "braces without an end"},
		{"en/codes.yaml", "your login code for {{brand}}", "your login code for brand}}", "braces without a beginning"},
		{"en/codes.yaml", "{{code}} is your login code for", "Your code is {{code}} for", "does not begin with {{code}}"},
		{"en/codes.yaml", "{{code}} {{brand}}: {{amount}} to {{payee}}.", "{{code}} {{brand}}: {{amount}}.", "payment.sms 3: {{payee}} stands 0 times"},
		{"en/codes.yaml", "{{code}} {{brand}}: {{amount}} to", "{{brand}} {{code}}: {{amount}} to", "payment.sms 3: does not begin"},
		{"en/codes.yaml", "order code. Do not", "order code for {{total}}. Do not", "last variant needs {{total}}"},
		{"en/codes.yaml", `    sms:
      - "{{code}} is your {{brand}} login code. Do not share it, we never ask for it."
      - "{{code}} is your {{brand}} login code. Do not share it."
`, "", "login.sms: no text"},
		{"en/codes.yaml", "what: login code", "what: ''", "login: what is needed"},
		{"en/codes.yaml", "  login:", "  log_in:", "login.chat: no text"},
		{"en/codes.yaml", "  used:", "  spent:", "ended: keys"},
		{"en/codes.yaml", "the {{what}} has expired", "the {{code}} has expired", `unknown placeholder "code"`},
		{"en/codes.yaml", "copy: Copy the code", "copi: Copy the code", "copi"},
		{"en/codes.yaml", "name: English", "name: ''", "name, buttons"},
		{"en/codes.yaml", "back: Back to {{brand}}", "back: Back to {{url}}", `unknown placeholder "url"`},
		{"en/codes.yaml", "not_me: It wasn't me", "not_me: ''", "buttons copy and not_me"},
		{"en/codes.yaml", `  time: "15:04"`, `  time: ""`, "formats:"},
		{"ru/codes.yaml", `symbols: {KZT: ₸,`, `symbols: {KZZ: ₸,`, "there is no currency KZZ"},
		{"ru/codes.yaml", "код для заказа {{order}} в {{brand}}.", "код для заказа {{order|one: а|other: б}} в {{brand}}.", "{{order|…}} has the plural forms one, other, this language needs few, many, one"},
		{"en/codes.yaml", "your login code for {{brand}}", "your login code for {{brand|one}}", `"one" is no plural form`},
		{"en/codes.yaml", "your login code for {{brand}}", "your login code for {{brand|one: a|one: b}}", "plural form one stands twice"},
		{"ru/replies.yaml", "для номера {{phone}}", "для номера", "greeting: {{phone}} is not shown"},
		{"ru/replies.yaml", "  not_started:", "  not_begun:", "not_started: empty text"},
		{"ru/replies.yaml", "  keep:", "  keep_on:", "buttons.keep: empty text"},
		{"ru/replies.yaml", "на {{hours}} ч", "на {{minutes}} мин", `unknown placeholder "minutes"`},
		{"ru/replies.yaml", "  not_started:", "  resumed: Да\n  not_started:", "resumed"},
		{"ru/hints.yaml", "telegram+sms:", "telegram+fax:", "hints: keys"},
	} {
		texts := realTexts(t)
		raw := string(texts[c.file].Data)
		if !strings.Contains(raw, c.old) {
			t.Fatalf("%s does not hold %q", c.file, c.old)
		}
		texts[c.file].Data = []byte(strings.Replace(raw, c.old, c.new, 1))
		if _, err := load(texts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %q: %v, want %q", c.file, c.new, err, c.want)
		}
	}
}

func TestLoadRefusesMissingFiles(t *testing.T) {
	for name := range realTexts(t) {
		texts := realTexts(t)
		delete(texts, name)
		if _, err := load(texts); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	texts := realTexts(t)
	for name := range texts {
		if strings.HasPrefix(name, "en/") {
			delete(texts, name)
		}
	}
	if _, err := load(texts); err == nil || !strings.Contains(err.Error(), "no locale en") {
		t.Errorf("without English: %v", err)
	}
}

// FuzzCompile holds that a compiled text fills completely and that the
// replacement never reads a value.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{"{{code}} for {{brand}}", "{{", "}}", "{{{{code}}}}", "{{code}", "{ {code} }", "", "{{ code }}", "a}}b{{code}}"} {
		f.Add(s, "{{brand}}")
	}
	f.Fuzz(func(t *testing.T, source, value string) {
		compiled, err := compile(source, "code", "brand")
		if err != nil {
			return
		}
		if slices.ContainsFunc(compiled, func(p piece) bool { return p.forms != nil }) {
			return // words of unequal length
		}
		filled := compiled.fill(map[string]string{"code": value, "brand": "B"})
		want := len(source) + compiled.count("code")*(len(value)-len("{{code}}")) + compiled.count("brand")*(len("B")-len("{{brand}}"))
		if len(filled) != want {
			t.Fatalf("%q with %q became %q", source, value, filled)
		}
	})
}
