package otpcore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// PreviewRequest asks how a template looks. Values that are left out are made
// up.
type PreviewRequest struct {
	Key, Locale     string
	Draft           *TemplateText // nil: what is in force
	Params, Context map[string]Param
}

// Preview is how a template looks on each channel.
type Preview struct {
	Channel Channel
	Message Message
	Size    *SMSSize // of SMS
}

// sampleCode stands in previews.
var sampleCode = NewCode("123456")

// Preview renders a template as a send would. It stores nothing and sends
// nothing.
func (s *Templates) Preview(ctx context.Context, by Caller, r PreviewRequest, now time.Time) ([]Preview, error) {
	if err := s.checkPlace(r.Key, r.Locale); err != nil {
		return nil, err
	}
	kept, err := s.reader.TemplatesOf(ctx, by.Business.ID, r.Key)
	if err != nil {
		return nil, err
	}
	var text *TemplateText
	if r.Draft != nil {
		draft := *r.Draft
		if err := s.check(by.Business, &draft, kept, &Template{Key: r.Key, Locale: r.Locale}); err != nil {
			return nil, within("/draft", err)
		}
		text = &draft
	} else if t := newest(kept, r.Locale); t != nil {
		text = &t.Text
	}
	spec, err := s.previewed(r, text)
	if err != nil {
		return nil, err
	}
	set := s.businesses.InForce(by.Business)
	if spec.Kind == TemplateOfOrder {
		return s.looksOfOrder(by, r, text, set, now)
	}
	in := CodeText{
		Template: r.Key, Locale: r.Locale, Frame: set.Locale, Brand: by.Business.Name, Code: sampleCode, Now: now, ValidUntil: now.Add(set.TTL), Own: text,
		Origin: set.SMSOrigin, AppHash: set.SMSAppHash,
	}
	if in.Location, err = time.LoadLocation(set.TimeZone); err != nil {
		in.Location = time.UTC
	}
	if in.Params, err = checkParams("/params", spec.Params, s.filled(spec.Params, r.Params, set, now)); err != nil {
		return nil, err
	}
	if in.Context, err = checkParams("/context", spec.Context, s.filled(spec.Context, r.Context, set, now)); err != nil {
		return nil, err
	}
	return s.looks(in)
}

// within moves what was found wrong into a field of the request.
func within(field string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != KindInvalid {
		return err
	}
	moved := *e
	moved.Field, moved.Errors = field+e.Field, slices.Clone(e.Errors)
	for i := range moved.Errors {
		moved.Errors[i].Field = field + moved.Errors[i].Field
	}
	return &moved
}

func (s *Templates) previewed(r PreviewRequest, text *TemplateText) (TemplateText, error) {
	if text != nil {
		return *text, nil
	}
	built, ok := s.renderer.Source(r.Key, r.Locale)
	if !ok {
		return built, errTemplateUnknown
	}
	return built, nil
}

// filled adds made-up values to the given ones.
func (s *Templates) filled(specs []ParamSpec, given map[string]Param, set Settings, now time.Time) map[string]Param {
	all := maps.Clone(given)
	if all == nil {
		all = make(map[string]Param)
	}
	for _, p := range specs {
		if _, ok := all[p.Name]; !ok {
			all[p.Name] = sample(p.Type, set, now)
		}
	}
	return all
}

func sample(kind string, set Settings, now time.Time) Param {
	switch kind {
	case "money":
		return Param{Money: &Money{Amount: "4990.00", Currency: set.Currency}}
	case "order_number":
		return Param{Text: "A-1042"}
	case "date":
		return Param{Text: now.Format(time.DateOnly)}
	case "count":
		return Param{Text: "3"}
	case "name":
		return Param{Text: "Ivan Petrov"}
	}
	return Param{Text: "Sample"}
}

func (s *Templates) looks(in CodeText) ([]Preview, error) {
	return s.onEach(func(ch Channel, can Capabilities) (Message, error) {
		in.Channel, in.Capabilities = ch, can
		return s.renderer.Code(in)
	})
}

// looksOfOrder shows a business's own words about an order of which nothing else
// is known.
func (s *Templates) looksOfOrder(by Caller, r PreviewRequest, text *TemplateText, set Settings, now time.Time) ([]Preview, error) {
	if len(r.Context) > 0 {
		return nil, invalid("param_unknown", "/context", "A text about orders has no context: it carries no code.")
	}
	values, err := checkParams("/params", text.Params, s.filled(text.Params, r.Params, set, now))
	if err != nil {
		return nil, err
	}
	number := sample("order_number", set, now).Text
	words, err := s.renderer.Words(OwnWords{Text: text, Locale: r.Locale, Brand: by.Business.Name, Number: number, Params: values})
	if err != nil {
		return nil, err
	}
	in := OrderText{Locale: s.renderer.Locale(r.Locale, set.Locale), Brand: by.Business.Name, Number: number, Now: now, Location: location(by.Business)}
	return s.onEach(func(ch Channel, can Capabilities) (Message, error) {
		in.Channel, in.Capabilities, in.Words = ch, can, words.On(ch)
		return s.renderer.Order(in)
	})
}

// onEach renders a message for every channel.
func (s *Templates) onEach(render func(Channel, Capabilities) (Message, error)) ([]Preview, error) {
	var all []Preview
	for _, ch := range Channels {
		m, err := render(ch, Capabilities{CanButton: ch == Telegram, CanEdit: ch == Telegram, FreeText: true})
		if err != nil {
			return nil, err
		}
		p := Preview{Channel: ch, Message: m}
		if ch == SMS {
			size := s.renderer.Size(m.Text)
			p.Size = &size
		}
		all = append(all, p)
	}
	return all, nil
}
