package templates

import (
	"errors"
	"fmt"
	"strings"

	"otpravka/otpcore"
)

// Code renders the message with a code, or the text that takes its place once
// the verification is over. A message for a chat begins with the code as its
// only Mono span. It fails only for what a checked verification cannot be: an
// unknown template, a missing code or a missing required value.
func (r *Renderer) Code(in otpcore.CodeText) (otpcore.Message, error) {
	l := r.locale(in.Locale)
	spec, ok := r.specs[in.Template]
	texts := l.codes[in.Template]
	if in.Own != nil {
		l = r.speaking(in.Locale, in.Frame, in.Own)
		var err error
		if spec, texts, err = l.own(in.Template, in.Own, in.Channel); err != nil {
			return otpcore.Message{}, fmt.Errorf("template %s: %w", in.Template, err)
		}
	} else if !ok {
		return otpcore.Message{}, fmt.Errorf("template %q is unknown", in.Template)
	}
	if in.Wanted != "" && in.Wanted != otpcore.WantAlsoSMS {
		return l.endedMessage(in, texts)
	}
	values, err := l.values(spec, in)
	if err != nil {
		return otpcore.Message{}, fmt.Errorf("template %s: %w", in.Template, err)
	}
	if !in.Channel.IsChat() {
		return otpcore.Message{Text: fitting(texts.sms, values, endings(in), spec.segments)}, nil
	}
	return l.chatMessage(in, texts, values), nil
}

// endedMessage replaces a message, so that no code stays readable.
func (l *locale) endedMessage(in otpcore.CodeText, texts codeTexts) (otpcore.Message, error) {
	ended, ok := l.ended[in.Wanted]
	if !ok {
		return otpcore.Message{}, fmt.Errorf("template %s: wanted text %q is unknown", in.Template, in.Wanted)
	}
	return otpcore.Message{Text: ended.fill(map[string]string{"brand": inert(in.Brand), "what": texts.what})}, nil
}

func (l *locale) chatMessage(in otpcore.CodeText, texts codeTexts, values map[string]string) otpcore.Message {
	lines := make([]string, 0, len(texts.chat)+len(l.tail)+2)
	for _, block := range [][]text{texts.chat, l.tail} {
		for _, line := range block {
			if line.missing(values) == "" {
				lines = append(lines, line.fill(values))
			}
		}
	}
	if !in.Capabilities.CanButton {
		lines = append(lines, l.answerNo) // nobody would know of the word otherwise
	}
	if in.Wanted == otpcore.WantAlsoSMS {
		lines = append(lines, l.alsoSMS)
	}
	code := in.Code.Reveal()
	m := otpcore.Message{Text: strings.Join(lines, "\n"), Mono: []otpcore.Span{{Start: 0, End: len(code)}}}
	if in.Capabilities.CanButton {
		notMe := otpcore.Action{Verb: otpcore.ActNotMe, ID: in.Verification}
		m.Buttons = [][]otpcore.Button{{{Label: l.copy, Copy: code}}, {{Label: l.notMe, Action: notMe}}}
		if in.ReturnURL != "" {
			m.Buttons = append(m.Buttons, l.wayBack(in.Brand, in.ReturnURL))
		}
	}
	return m
}

// wayBack is the row with the button that leads back to the business.
func (l *locale) wayBack(brand, address string) []otpcore.Button {
	return []otpcore.Button{{Label: l.back.fill(map[string]string{"brand": inert(brand)}), URL: address}}
}

// values gathers what the template's texts may use. Values that the template
// does not declare are left out.
func (l *locale) values(spec *codeSpec, in otpcore.CodeText) (map[string]string, error) {
	if in.Code.Len() == 0 {
		return nil, errors.New("code is missing")
	}
	values := map[string]string{"code": in.Code.Reveal(), "brand": inert(in.Brand)}
	if !in.ValidUntil.IsZero() {
		values["until"] = l.formats.until(in.ValidUntil, in.Now, in.Location)
	}
	for _, of := range []struct {
		specs []otpcore.ParamSpec
		given map[string]otpcore.Param
	}{{spec.Params, in.Params}, {spec.Context, in.Context}} {
		for _, p := range of.specs {
			written := l.param(p.Type, of.given[p.Name])
			if written == "" && p.Required {
				return nil, fmt.Errorf("%s is missing", p.Name)
			}
			if written != "" {
				values[p.Name] = written
			}
		}
	}
	return values, nil
}
