package otpcore

// Mute keeps new messages about orders out of the chat, or lets them in again,
// and returns how many links the chat has. Codes come as before. With a shared
// bot this is about the business that is spoken of.
func (l *Linking) Mute(tx Tx, chat ChatRef, muted bool) (int, error) {
	n := 0
	err := l.eachLink(tx, chat, func(link *Link) error {
		if !link.held() || chat.Bot.Shared() && link.BusinessID != chat.Business {
			return nil
		}
		n++
		if link.Muted == muted {
			return nil
		}
		link.Muted = muted
		if err := tx.SaveLink(link); err != nil || muted {
			return err
		}
		return l.deliverOrders(tx, link)
	})
	return n, err
}

// deliverOrders brings the phone's newest orders that are still news into the chat.
func (l *Linking) deliverOrders(tx Tx, link *Link) error {
	ids, err := tx.OrdersOf(link.BusinessID, link.Phone.Index, orderLooks)
	if err != nil {
		return err
	}
	told := 0
	for _, id := range ids {
		if told == orderLists {
			break
		}
		c, err := tx.Case(Ref{Order: id})
		if err != nil {
			return err
		}
		if !c.Order.stillNews(tx.Now()) {
			continue
		}
		if outcome, _ := l.desk.tell(c, CauseLinked); outcome != OutcomeSent {
			told++
		}
		if err := tx.Save(c); err != nil {
			return err
		}
	}
	return nil
}
