package api

import (
	"context"

	"otpravka/otpcore"
)

// ListTemplates lists every key that a start may name.
func (h *Handlers) ListTemplates(ctx context.Context, _ ListTemplatesRequestObject) (ListTemplatesResponseObject, error) {
	all, err := h.Templates.List(ctx, clientOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	out := ListTemplates200JSONResponse{Items: []TemplateSummary{}}
	for _, k := range all {
		item := TemplateSummary{
			Key: k.Key, Kind: kind(k.Kind), Proof: Proof(k.Proof), Params: values(k.Params), Context: values(k.Context), Texts: []TemplateLocaleSummary{},
		}
		for _, locale := range k.Locales {
			text := TemplateLocaleSummary{Locale: locale, Source: TemplateSourceBuiltIn}
			if own := k.Own[locale]; own != nil {
				text.Source, text.Version = TemplateSourceOwn, &own.Version
			}
			item.Texts = append(item.Texts, text)
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// GetTemplate shows the text in force.
func (h *Handlers) GetTemplate(ctx context.Context, r GetTemplateRequestObject) (GetTemplateResponseObject, error) {
	t, err := h.Templates.Get(ctx, clientOf(ctx).caller, r.Key, r.Locale)
	if err != nil {
		return nil, err
	}
	return GetTemplate200JSONResponse(template(t)), nil
}

// SaveTemplate stores a text and puts it in force.
func (h *Handlers) SaveTemplate(ctx context.Context, r SaveTemplateRequestObject) (SaveTemplateResponseObject, error) {
	by := clientOf(ctx)
	t, err := h.Templates.Save(ctx, by.caller, otpcore.TemplateChange{
		Key: r.Key, Locale: r.Locale, Text: templateText(r.Body), Version: r.Body.Version, Author: by.key.ID,
	})
	if err != nil {
		return nil, err
	}
	return SaveTemplate200JSONResponse(template(t)), nil
}

// DeleteTemplate takes the business's text out of force.
func (h *Handlers) DeleteTemplate(ctx context.Context, r DeleteTemplateRequestObject) (DeleteTemplateResponseObject, error) {
	by := clientOf(ctx)
	err := h.Templates.Remove(ctx, by.caller, otpcore.TemplateChange{Key: r.Key, Locale: r.Locale, Author: by.key.ID})
	if err != nil {
		return nil, err
	}
	return DeleteTemplate204Response{}, nil
}

// ListTemplateVersions lists what the business said, newest first.
func (h *Handlers) ListTemplateVersions(ctx context.Context, r ListTemplateVersionsRequestObject) (ListTemplateVersionsResponseObject, error) {
	all, err := h.Templates.Versions(ctx, clientOf(ctx).caller, r.Key, r.Locale)
	if err != nil {
		return nil, err
	}
	out := ListTemplateVersions200JSONResponse{Items: []Template{}}
	for _, t := range all {
		out.Items = append(out.Items, template(t))
	}
	return out, nil
}

// RestoreTemplate puts an earlier text in force.
func (h *Handlers) RestoreTemplate(ctx context.Context, r RestoreTemplateRequestObject) (RestoreTemplateResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	by := clientOf(ctx)
	t, err := h.Templates.Restore(ctx, by.caller, otpcore.TemplateChange{Key: r.Key, Locale: r.Locale, Author: by.key.ID, Idempotency: key}, r.Body.Version)
	if err != nil {
		return nil, err
	}
	return RestoreTemplate200JSONResponse(template(t)), nil
}

// PreviewTemplate shows the messages that a text makes.
func (h *Handlers) PreviewTemplate(ctx context.Context, r PreviewTemplateRequestObject) (PreviewTemplateResponseObject, error) {
	ask := otpcore.PreviewRequest{Key: r.Key, Locale: r.Locale, Params: params(r.Body.Params)}
	if r.Body.Context != nil {
		ask.Context = params(*r.Body.Context)
	}
	if r.Body.Draft != nil {
		draft := templateText(r.Body.Draft)
		ask.Draft = &draft
	}
	all, err := h.Templates.Preview(ctx, clientOf(ctx).caller, ask, h.Verifications.Now())
	if err != nil {
		return nil, err
	}
	out := PreviewTemplate200JSONResponse{Channels: []TemplatePreviewMessage{}}
	for _, p := range all {
		out.Channels = append(out.Channels, previewMessage(p))
	}
	return out, nil
}

// cloudNote is what a preview of WhatsApp adds: Meta lets nobody choose the
// words of an authentication template.
const cloudNote = "A linked device sends this text. The Business Cloud API sends the text of Meta's authentication template in its place, which shows the code alone; a template with context does not go out there."

func previewMessage(p otpcore.Preview) TemplatePreviewMessage {
	m := TemplatePreviewMessage{Channel: Channel(p.Channel), Text: p.Message.Text, Buttons: []string{}, Notes: []string{}}
	for _, row := range p.Message.Buttons {
		for _, b := range row {
			m.Buttons = append(m.Buttons, b.Label)
		}
	}
	if p.Channel == otpcore.WhatsApp {
		m.Notes = append(m.Notes, cloudNote)
	}
	if p.Size != nil {
		m.Encoding = some[TemplatePreviewMessageEncoding](p.Size.Encoding)
		m.Characters, m.Segments = &p.Size.Characters, &p.Size.Segments
	}
	return m
}

func templateText(b *SaveTemplateRequest) otpcore.TemplateText {
	return otpcore.TemplateText{
		Kind: kindOf(b.Kind), Name: given(b.Name), Proof: otpcore.Proof(given(b.Proof)), Params: specs(b.Params), Context: specs(b.Context),
		Chat: b.Chat, WhatsApp: given(b.Whatsapp), SMS: b.Sms, Segments: given(b.SmsSegments), Warning: given(b.Warning),
	}
}

// kindOf reads a kind; what is left out is a code.
func kindOf(k *TemplateKind) otpcore.TemplateKind {
	if given(k) == TemplateKindOrder {
		return otpcore.TemplateOfOrder
	}
	return otpcore.TemplateOfCode
}

func kind(k otpcore.TemplateKind) *TemplateKind {
	shown := TemplateKindCode
	if k == otpcore.TemplateOfOrder {
		shown = TemplateKindOrder
	}
	return &shown
}

func specs(list []TemplateValue) []otpcore.ParamSpec {
	var out []otpcore.ParamSpec
	for _, v := range list {
		out = append(out, otpcore.ParamSpec{Name: v.Name, Type: string(v.Type), Required: given(v.Required)})
	}
	return out
}

func values(list []otpcore.ParamSpec) []TemplateValue {
	out := []TemplateValue{}
	for _, p := range list {
		out = append(out, TemplateValue{Name: p.Name, Type: TemplateValueType(p.Type), Required: &p.Required})
	}
	return out
}

func template(t *otpcore.Template) Template {
	out := Template{Key: t.Key, Kind: kind(t.Text.Kind), Locale: t.Locale, Source: TemplateSourceBuiltIn}
	if t.Version > 0 {
		out.Source, out.Version, out.Author, out.CreatedAt = TemplateSourceOwn, &t.Version, some[string](t.Author), at(t.CreatedAt)
	}
	if t.Removed {
		out.Removed = &t.Removed
		return out
	}
	out.Name, out.Proof, out.Chat, out.Whatsapp = some[string](t.Text.Name), some[Proof](t.Text.Proof), some[string](t.Text.Chat), some[string](t.Text.WhatsApp)
	out.Params, out.Context = values(t.Text.Params), values(t.Text.Context)
	out.Sms, out.SmsSegments, out.Warning = t.Text.SMS, &t.Text.Segments, some[string](t.Text.Warning)
	return out
}
