package templates

import (
	"fmt"
	"maps"
	"slices"

	"otpravka/otpcore"
)

// Reply renders a bot's answer. The table replySpecs lists the keys and their
// args; answers with buttons also take "verification", the id that the buttons act
// on, and the one with the way back takes "url". An unknown key and a missing arg are errors, args that no text asks for
// are not.
func (r *Renderer) Reply(key, locale string, args map[string]string) (otpcore.Message, error) {
	spec, ok := replySpecs[key]
	if !ok {
		return otpcore.Message{}, fmt.Errorf("reply %q is unknown", key)
	}
	values := make(map[string]string, len(spec.args))
	for _, name := range spec.args {
		value, ok := args[name]
		if !ok {
			return otpcore.Message{}, fmt.Errorf("reply %s: %s is missing", key, name)
		}
		if name == supportArg {
			values[name] = inertLines(value)
		} else {
			values[name] = inert(value)
		}
	}
	l := r.locale(locale)
	m := otpcore.Message{Text: l.replies[key].fill(values), Keyboard: otpcore.Keyboard{Remove: spec.remove}}
	if spec.share {
		m.Keyboard.SharePhone = l.labels["share"].fill(nil)
	}
	if len(spec.buttons) > 0 && args[verificationArg] == "" {
		return otpcore.Message{}, fmt.Errorf("reply %s: %s is missing", key, verificationArg)
	}
	for _, b := range spec.buttons {
		action := otpcore.Action{Verb: b.verb, ID: otpcore.ID(args[verificationArg])}
		m.Buttons = append(m.Buttons, []otpcore.Button{{Label: l.labels[b.label].fill(values), Action: action}})
	}
	if spec.back {
		if args[urlArg] == "" {
			return otpcore.Message{}, fmt.Errorf("reply %s: %s is missing", key, urlArg)
		}
		m.Buttons = append(m.Buttons, l.wayBack(args["business"], args[urlArg]))
	}
	if spec.languages {
		m.Buttons = r.languages()
	}
	return m, nil
}

// languages has a button for every locale, each in its own words.
func (r *Renderer) languages() [][]otpcore.Button {
	var rows [][]otpcore.Button
	for _, tag := range slices.Sorted(maps.Keys(r.locales)) {
		choose := otpcore.Action{Verb: otpcore.ActSpeak, Locale: tag}
		rows = append(rows, []otpcore.Button{{Label: r.locales[tag].name, Action: choose}})
	}
	return rows
}
