package api

import (
	"context"
	"time"

	"otpravka/otpcore"
)

// GetSettings shows the settings with the defaults in force filled in.
func (h *Handlers) GetSettings(ctx context.Context, _ GetSettingsRequestObject) (GetSettingsResponseObject, error) {
	return GetSettings200JSONResponse(h.settings(clientOf(ctx).caller.Business)), nil
}

// UpdateSettings changes the fields that are given and leaves the others.
func (h *Handlers) UpdateSettings(ctx context.Context, r UpdateSettingsRequestObject) (UpdateSettingsResponseObject, error) {
	b := r.Body
	if err := checkPlaces(b); err != nil {
		return nil, err
	}
	owner, err := h.Businesses.SealOwner(clientOf(ctx).caller, given(b.OwnerPhone))
	if err != nil {
		return nil, err
	}
	changed, err := h.Businesses.Change(ctx, clientOf(ctx).caller.Business.ID, func(name *string, s *otpcore.Settings) {
		set(name, b.Name)
		set(&s.Countries, b.Countries)
		set(&s.DefaultCountry, b.DefaultCountry)
		set(&s.Locale, b.Locale)
		set(&s.TimeZone, b.TimeZone)
		set(&s.Currency, b.Currency)
		set(&s.CodeLength, b.CodeLength)
		set(&s.SupportText, b.SupportText)
		set(&s.ReturnHosts, b.ReturnHosts)
		set(&s.SMSOrigin, b.SmsOrigin)
		set(&s.SMSAppHash, b.SmsAppHash)
		set(&s.LinkHosts, b.LinkHosts)
		set(&s.QuietHours, b.QuietHours)
		set(&s.TTL, seconds(b.TTL))
		set(&s.FallbackAfter, seconds(b.FallbackAfter))
		if b.Route != nil {
			s.Route = convert[otpcore.Channel](*b.Route)
		}
		if b.LinkMaxAgeDays != nil {
			s.LinkMaxAge = time.Duration(*b.LinkMaxAgeDays) * day
		}
		setWord(&s.WhenUnlinked, b.WhenUnlinked)
		setWord(&s.FallbackOn, b.FallbackOn)
		setWord(&s.LinkProof, b.LinkProof)
		if b.OwnerPhone != nil {
			s.Owner = owner
		}
	})
	if err != nil {
		return nil, err
	}
	return UpdateSettings200JSONResponse(h.settings(changed)), nil
}

const day = 24 * time.Hour

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func setWord[T, S ~string](to *T, from *S) {
	if from != nil {
		*to = T(*from)
	}
}

func (h *Handlers) settings(b *otpcore.Business) Settings {
	s := h.Businesses.InForce(b)
	return Settings{
		Name: b.Name, Countries: append(Countries{}, s.Countries...), DefaultCountry: some[Country](s.DefaultCountry),
		Locale: s.Locale, TimeZone: s.TimeZone, Currency: s.Currency, Route: convert[Channel](s.Route),
		WhenUnlinked: WhenUnlinked(s.WhenUnlinked), TTL: int(s.TTL.Seconds()), FallbackAfter: int(s.FallbackAfter.Seconds()),
		FallbackOn: FallbackOn(s.FallbackOn), CodeLength: s.CodeLength, LinkMaxAgeDays: int(s.LinkMaxAge / day),
		LinkProof: Proof(s.LinkProof), SupportText: some[SupportText](s.SupportText),
		ReturnHosts: append(ReturnHosts{}, s.ReturnHosts...),
		SmsOrigin:   some[SMSOrigin](s.SMSOrigin), SmsAppHash: some[SMSAppHash](s.SMSAppHash),
		LinkHosts: append(LinkHosts{}, s.LinkHosts...), QuietHours: s.QuietHours,
		OwnerPhone: some[string](h.Businesses.Owner(b).E164()),
	}
}
