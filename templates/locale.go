package templates

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"

	"go.yaml.in/yaml/v4"

	"otpravka/otpcore"
)

// locale holds the compiled texts of one language.
type locale struct {
	name    string // what the language calls itself
	formats formats
	cldr    *cldr
	plain   bool // its SMS keep to the GSM alphabet, and so do amounts and dates
	copy    string
	notMe   string
	back    text
	tail    []text
	alsoSMS string
	// answerNo names the word that stands in for the button notMe.
	answerNo string
	warning  string // words that every SMS with a code says
	sources  map[string]otpcore.TemplateText
	ended    map[otpcore.Wanted]text
	codes    map[string]codeTexts
	labels   map[string]text // of buttons in replies, and of the keyboard
	replies  map[string]text
	hints    map[string]string
	orders   orderTexts
}

// codeTexts are the texts of one template.
type codeTexts struct {
	what string // the code's name within a sentence
	chat []text // lines
	sms  []text // variants, the fullest first
}

// codesFile and repliesFile are the YAML files of a locale. A third,
// hints.yaml, is a map of sentences; orders.yaml is ordersFile.
type (
	codesFile struct {
		Name    string
		Formats formats
		Buttons struct {
			Copy  string
			NotMe string `yaml:"not_me"`
			Back  string
		}
		Tail      []string
		Warning   string
		AnswerNo  string `yaml:"answer_no"`
		AlsoSMS   string `yaml:"also_sms"`
		Ended     map[otpcore.Wanted]string
		Templates map[string]struct {
			What string
			Chat []string
			SMS  []string `yaml:"sms"`
		}
	}
	repliesFile struct {
		Buttons map[string]string
		Replies map[string]string
	}
)

// loadLocale reads and compiles the files in a folder.
func loadLocale(files fs.FS, dir string) (*locale, error) {
	var codes codesFile
	var replies repliesFile
	var orders ordersFile
	l := &locale{}
	for name, into := range map[string]any{"codes.yaml": &codes, "replies.yaml": &replies, "hints.yaml": &l.hints, "orders.yaml": &orders} {
		if err := readYAML(files, path.Join(dir, name), into); err != nil {
			return nil, err
		}
	}
	data, err := newCLDR(dir, codes.Formats.Symbols)
	if err != nil {
		return nil, err
	}
	c := compiler{place: dir, cldr: data}
	c.frame(l, &codes)
	c.templates(l, &codes)
	c.replies(l, &replies)
	c.hints(l)
	c.orders(l, &orders)
	return l, c.err
}

func readYAML(files fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if err := yaml.Load(raw, into, yaml.WithKnownFields(), yaml.WithUniqueKeys()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
