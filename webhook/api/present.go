package api

import (
	"time"

	"otpravka/otpcore"
)

// This file shows the domain's verifications in the words of the contract.

// verification shows what every answer about a verification has in common, as it
// stands at the given time.
func (h *Handlers) verification(v *otpcore.Verification, phone otpcore.Phone, now time.Time) Verification {
	out := Verification{
		ID: string(v.ID), Mode: Mode(v.Mode), Status: VerificationStatus(v.Status), Phone: some[string](phone.E164()),
		Route: convert[Channel](v.Route), CreatedAt: v.CreatedAt.UTC(),
		ExpiresAt: v.ExpiresAt.UTC(), AttemptsLeft: h.Verifications.AttemptsLeft(v), SendsLeft: h.Verifications.SendsLeft(v),
		EndReason: some[EndReason](v.EndReason), EndedAt: at(v.EndedAt),
		ApprovedBy: some[VerificationApprovedBy](v.ApprovedBy), Channel: some[Channel](v.Channel),
		OrderID: some[string](v.OrderID),
	}
	if len(v.Metadata) > 0 {
		metadata := Metadata(v.Metadata)
		out.Metadata = &metadata
	}
	if v.Status.Terminal() {
		return out
	}
	// What lies ahead is shown as seconds too: a client's clock may be wrong.
	out.ExpiresIn = in(now, v.ExpiresAt)
	if !v.FallbackAt.IsZero() {
		wait := in(now, v.FallbackAt)
		out.FallbackAt, out.FallbackIn = at(v.FallbackAt), &wait
	}
	if out.SendsLeft > 0 {
		wait := in(now, v.ResendAt)
		out.ResendAt, out.ResendIn = at(v.ResendAt), &wait
	}
	return out
}

// started shows a verification as it was at its start, so that a repeated
// request gets the first answer.
func (h *Handlers) started(s *otpcore.Started) Verification {
	out := h.verification(&s.Verification, s.Phone, s.Verification.CreatedAt)
	out.Hint = some[string](s.Hint)
	out.Links.Telegram, out.Links.Whatsapp = some[string](s.TelegramLink), some[string](s.WhatsAppLink)
	out.TestCode = some[string](s.TestCode.Reveal())
	return out
}

func (h *Handlers) changed(c *otpcore.Case) (Verification, error) {
	view, err := h.Verifications.Show(c)
	if err != nil {
		return Verification{}, err
	}
	return h.viewed(view), nil
}

// viewed adds what happened to the verification so far.
func (h *Handlers) viewed(view *otpcore.View) Verification {
	out := h.verification(view.Verification, view.Phone, h.Verifications.Now())
	for _, d := range view.Deliveries {
		if d.Kind == otpcore.DeliverCode {
			out.Deliveries = append(out.Deliveries, delivery(d))
		}
	}
	for _, e := range view.Timeline {
		out.Timeline = append(out.Timeline, TimelineEntry{
			At: e.At.UTC(), Type: string(e.Type), Data: e.Data, DeliveryID: some[DeliveryID](e.DeliveryID),
		})
	}
	return out
}

func delivery(d *otpcore.Delivery) Delivery {
	out := Delivery{
		ID: string(d.ID), Channel: Channel(d.Channel), Cause: DeliveryCause(d.Cause), Status: DeliveryStatus(d.Status),
		Try: d.Try, Provider: some[string](d.Provider), RefusedBy: d.Refused, QueuedAt: d.QueuedAt.UTC(),
		SentAt: at(d.SentAt), DeliveredAt: at(d.DeliveredAt), ReadAt: at(d.ReadAt), FailedAt: at(d.FailedAt),
	}
	if d.Error != nil {
		out.Error = &DeliveryError{Kind: DeliveryErrorKind(d.Error.Class), Message: d.Error.Message}
	}
	if !d.Cost.IsZero() {
		out.Cost = &Cost{Amount: d.Cost.Amount, Currency: d.Cost.Currency}
		if d.Cost.Refunded {
			out.Refunded = &d.Cost.Refunded
		}
	}
	return out
}
