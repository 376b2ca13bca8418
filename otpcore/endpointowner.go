package otpcore

import "net/url"

// tellOwner tells the owner of the business, in the own chat or by SMS, that an
// endpoint gets no more events: the event that says so reaches other endpoints
// only, and most businesses have one. It names the host and not the address,
// which may hold a secret. A text that cannot be made must not keep the endpoint's
// state from being stored.
func (s *Endpoints) tellOwner(tx Tx, e *Endpoint) error {
	if e.Mode != Live {
		return nil
	}
	business, err := tx.Business(e.BusinessID)
	if err != nil {
		return err
	}
	key := "webhook_failing"
	if e.Reason == EndpointGone {
		key = "webhook_gone"
	}
	host := "?"
	if u, err := url.Parse(e.URL); err == nil {
		host = u.Hostname()
	}
	_, err = s.linking.TellOwner(tx, business, s.carries(business), func(language string) (Message, bool) {
		m, err := s.words.Reply(key, s.words.Locale(language, business.Settings.Locale), map[string]string{"business": business.Name, "host": host})
		return m, err == nil
	})
	return err
}

// carries reports of a bot whether messages of the business leave through it.
func (s *Endpoints) carries(business *Business) func(ID) bool {
	return func(bot ID) bool {
		for _, ch := range Channels {
			way := s.desk.carriers.Way(business.ID, Live, ch, business.Settings.Owner.Region)
			if ch.IsChat() && way.Reason == "" && way.BotID == bot {
				return true
			}
		}
		return false
	}
}
