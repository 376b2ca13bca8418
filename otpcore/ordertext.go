package otpcore

import "time"

// news renders the message of an order as it stands.
func (d *Dispatcher) news(out *Outgoing, j *job, now time.Time) error {
	o := j.order
	business, err := d.businesses.Get(d.sends, o.BusinessID)
	if err != nil {
		return &SendError{Class: ClassProviderDown, Message: "The business's settings could not be read.", Err: err}
	}
	if out.Phone, err = d.desk.shownPhone(orderPhonePlace(o), o.Phone); err != nil {
		return &SendError{Class: ClassUnknown, Message: "The phone cannot be read with the keys in the ring.", Err: err}
	}
	name, shared := d.desk.shared.Name(j.delivery.BotID, o.BusinessID)
	if !shared {
		name = business.Name
	}
	way := d.carriers.Way(o.BusinessID, o.Mode, j.delivery.Channel, o.Phone.Region)
	if j.delivery.LinkID != "" {
		out.OpenUntil = way.openUntil(j.heard)
	}
	if o.Phone.Sealed == nil {
		o = o.forgotten()
	}
	words := ""
	out.Locale, words = o.News.spoken(d.renderer, out.Locale, j.delivery.Channel)
	in := OrderText{
		Channel: j.delivery.Channel, Locale: out.Locale, Words: words, Brand: name, Number: o.Number, Status: o.Status, News: o.News,
		Now: now, Location: location(business), Capabilities: way.Capabilities,
	}
	if checkTrackingURL(business.Settings, o.News.TrackingURL) != nil {
		in.News.TrackingURL = "" // its host was taken off the list: no new message leads there
	}
	if v := j.verification; j.delivery.Wanted == WantCode && v != nil && v.ID == o.VerificationID && !v.Status.Terminal() && now.Before(v.ExpiresAt) {
		in.Code, _ = d.desk.code(v) // without its key the message still tells of the order
		in.CodeUntil = v.ExpiresAt
	}
	out.Message, err = d.renderer.Order(in)
	if shared && err == nil {
		out.Message = out.Message.Under(name)
	}
	return unrendered(err)
}

// forgotten is the order as the message shows it that loses its code after its
// person was forgotten: the words for a status of the business's own are gone.
func (o *Order) forgotten() *Order {
	shown := *o
	if !o.Status.known() && o.News.Title == "" && len(o.News.Words) == 0 {
		shown.News.Title = "…"
	}
	return &shown
}

// location is where the times in a business's texts are.
func location(b *Business) *time.Location { return zone(or(b.Settings.TimeZone, "UTC")) }
