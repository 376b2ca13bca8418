package templates

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"otpravka/otpcore"
)

// compiler turns the files of a locale into texts and gathers all that is
// wrong with them.
type compiler struct {
	place string
	cldr  *cldr
	err   error
}

func (c *compiler) fault(format string, args ...any) {
	c.err = errors.Join(c.err, fmt.Errorf(c.place+": "+format, args...))
}

func (c *compiler) text(at, source string, known ...string) text {
	t, err := compile(source, known...)
	if err == nil {
		err = t.inflect(c.cldr)
	}
	if err != nil {
		c.fault("%s: %w", at, err)
	}
	return t
}

func (c *compiler) texts(at string, sources []string, known ...string) []text {
	if len(sources) == 0 {
		c.fault("%s: no text", at)
	}
	all := make([]text, len(sources))
	for i, source := range sources {
		all[i] = c.text(fmt.Sprintf("%s %d", at, i+1), source, known...)
	}
	return all
}

// same demands that a file has exactly the keys that the tables name.
func (c *compiler) same(at string, have, want []string) {
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		c.fault("%s: keys %q, want %q", at, have, want)
	}
}

// frame compiles what all messages with a code share.
func (c *compiler) frame(l *locale, f *codesFile) {
	l.formats, l.cldr = f.Formats, c.cldr
	if f.Formats.Time == "" || f.Formats.DateTime == "" {
		c.fault("formats: time and date_time are needed")
	}
	l.name, l.copy, l.notMe, l.answerNo, l.alsoSMS, l.warning = f.Name, f.Buttons.Copy, f.Buttons.NotMe, f.AnswerNo, f.AlsoSMS, f.Warning
	if l.name == "" || l.copy == "" || l.notMe == "" || l.answerNo == "" || l.alsoSMS == "" || l.warning == "" {
		c.fault("name, buttons copy and not_me, warning, answer_no and also_sms are needed")
	}
	l.back = c.text("buttons.back", f.Buttons.Back, "brand")
	l.tail = c.texts("tail", f.Tail, "until", "brand")
	l.ended = make(map[otpcore.Wanted]text, len(f.Ended))
	var have []string
	for wanted, source := range f.Ended {
		have = append(have, string(wanted))
		l.ended[wanted] = c.text("ended."+string(wanted), source, "brand", "what")
	}
	c.same("ended", have, []string{
		string(otpcore.WantUsed), string(otpcore.WantExpired), string(otpcore.WantCanceled), string(otpcore.WantReported),
	})
}

// templates compiles the messages of every template.
func (c *compiler) templates(l *locale, f *codesFile) {
	l.codes, l.plain = make(map[string]codeTexts, len(codeSpecs)), true
	l.sources = make(map[string]otpcore.TemplateText, len(codeSpecs))
	var want []string
	for i := range codeSpecs {
		spec := &codeSpecs[i]
		want = append(want, spec.Key)
		source := f.Templates[spec.Key]
		if source.What == "" {
			c.fault("%s: what is needed", spec.Key)
		}
		all, _ := spec.names()
		t := codeTexts{
			what: source.What,
			chat: c.texts(spec.Key+".chat", source.Chat, all...),
			sms:  c.texts(spec.Key+".sms", source.SMS, all...),
		}
		c.judgeChat(spec, t.chat)
		c.judgeSMS(l, spec, t.sms)
		l.plain = l.plain && !slices.ContainsFunc(t.sms, func(t text) bool { return !t.isGSM() })
		l.codes[spec.Key] = t
		l.sources[spec.Key] = otpcore.TemplateText{
			Name: source.What, Proof: spec.Proof, Params: spec.Params, Context: spec.Context,
			Chat: strings.Join(source.Chat, "\n"), SMS: source.SMS, Segments: spec.segments,
		}
	}
	c.same("templates", slices.Collect(maps.Keys(f.Templates)), want)
}

// judgeChat demands the code at the very beginning, where a notification shows
// it, and once; and every required value somewhere.
func (c *compiler) judgeChat(spec *codeSpec, lines []text) {
	_, required := spec.names()
	for _, name := range required {
		n := 0
		for _, line := range lines {
			n += line.count(name)
		}
		if n != 1 {
			c.fault("%s.chat: {{%s}} stands %d times, want once", spec.Key, name, n)
		}
	}
	if len(lines) > 0 && !beginsWithCode(lines[0]) {
		c.fault("%s.chat: the first line does not begin with {{code}}", spec.Key)
	}
}

// judgeSMS demands the code first, brand and context in every variant, and a
// last variant that needs no optional value.
func (c *compiler) judgeSMS(l *locale, spec *codeSpec, variants []text) {
	_, required := spec.names()
	bound := []string{"code", "brand"}
	for _, p := range spec.Context {
		bound = append(bound, p.Name)
	}
	for i, v := range variants {
		if !l.warns(v) {
			c.fault("%s.sms %d: does not say %q", spec.Key, i+1, l.warning)
		}
		for _, name := range bound {
			if n := v.count(name); n != 1 {
				c.fault("%s.sms %d: {{%s}} stands %d times, want once", spec.Key, i+1, name, n)
			}
		}
		if !beginsWithCode(v) {
			c.fault("%s.sms %d: does not begin with {{code}}", spec.Key, i+1)
		}
	}
	if len(variants) == 0 {
		return
	}
	for _, p := range variants[len(variants)-1] {
		if p.name != "" && !slices.Contains(required, p.name) {
			c.fault("%s.sms: the last variant needs {{%s}}, which may be absent", spec.Key, p.name)
		}
	}
}

func beginsWithCode(t text) bool { return len(t) > 0 && t[0].name == "code" }

// replies compiles the bot's answers.
func (c *compiler) replies(l *locale, f *repliesFile) {
	l.replies, l.labels = make(map[string]text), make(map[string]text)
	labelArgs := map[string][]string{"share": nil}
	for key, spec := range replySpecs {
		l.replies[key] = c.text(key, f.Replies[key], spec.args...)
		used := slices.Clone(l.replies[key])
		for _, b := range spec.buttons {
			labelArgs[b.label] = spec.args
			l.labels[b.label] = c.text("buttons."+b.label, f.Buttons[b.label], spec.args...)
			used = append(used, l.labels[b.label]...)
		}
		for _, name := range spec.args {
			if used.count(name) == 0 {
				c.fault("%s: {{%s}} is not shown", key, name)
			}
		}
	}
	l.labels["share"] = c.text("buttons.share", f.Buttons["share"])
	c.same("replies", slices.Collect(maps.Keys(f.Replies)), slices.Collect(maps.Keys(replySpecs)))
	c.same("buttons", slices.Collect(maps.Keys(f.Buttons)), slices.Collect(maps.Keys(labelArgs)))
}

// hints demands a sentence for every set of channels, and another one for those
// that begin with SMS.
func (c *compiler) hints(l *locale) {
	var want []string
	for set := range 1 << len(otpcore.Channels) {
		var route []otpcore.Channel
		for i, ch := range otpcore.Channels {
			if set&(1<<i) != 0 {
				route = append(route, ch)
			}
		}
		want = append(want, hintKey(route))
		if n := len(route); n > 1 && route[n-1] == otpcore.SMS {
			want = append(want, hintKey(append([]otpcore.Channel{otpcore.SMS}, route[:n-1]...)))
		}
	}
	c.same("hints", slices.Collect(maps.Keys(l.hints)), want)
}
