package otpcore

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// SealOwner reads the phone of whoever the business wants told of trouble with
// its bots, for its settings. An empty text names nobody.
func (b *Businesses) SealOwner(by Caller, raw string) (SealedPhone, error) {
	if raw == "" {
		return SealedPhone{}, nil
	}
	phone, err := b.phones.ParsePhone(raw, by.Business.Settings.DefaultCountry)
	if e, ok := errors.AsType[*Error](err); ok {
		refused := *e
		refused.Field = "/owner_phone"
		return SealedPhone{}, &refused
	}
	if err != nil {
		return SealedPhone{}, err
	}
	return b.desk.sealPhone(ownerPlace(by.Business.ID), phone), nil
}

// Owner opens that phone. It is zero where nobody is named, or where the key
// that sealed it is gone.
func (b *Businesses) Owner(business *Business) Phone {
	if business.Settings.Owner.Sealed == nil {
		return Phone{}
	}
	phone, err := b.desk.openPhone(ownerPlace(business.ID), business.Settings.Owner)
	if err != nil {
		return Phone{}
	}
	return phone
}

// Telling makes a message in the language, or false where it cannot.
type Telling func(language string) (Message, bool)

// TellOwner writes to the owner of the business in the chat that the owner has
// linked like everybody else, with the newest link whose bot works, or by SMS
// where no chat can be written to. It reports whether the message is on its way;
// an owner whom nothing reaches is no error.
func (l *Linking) TellOwner(tx Tx, business *Business, works func(bot ID) bool, say Telling) (bool, error) {
	owner := business.Settings.Owner
	if owner.Sealed == nil {
		return false, nil
	}
	links, err := tx.LinksOfPhone(business.ID, owner.Index)
	if err != nil {
		return false, err
	}
	links = slices.DeleteFunc(links, func(link *Link) bool { return link.Status != LinkActive || !works(link.BotID) })
	if len(links) == 0 {
		return l.textOwner(tx, business, say)
	}
	newest := slices.MaxFunc(links, func(a, b *Link) int { return a.VerifiedAt.Compare(b.VerifiedAt) })
	bot, err := tx.Bot(newest.BotID)
	if err != nil {
		return false, err
	}
	chat, err := l.desk.vault.Open(linkChatPlace(newest), newest.Chat.Sealed)
	if err != nil {
		return false, err
	}
	m, ok := say(newest.spoken())
	if !ok {
		return false, nil
	}
	if name := l.Name(bot, business.ID); name != "" {
		m = m.Under(name)
	}
	return true, l.Reply(tx, ChatRef{Bot: bot, Address: string(chat)}, business.ID, m)
}

// textOwner sends the message by SMS, to the countries that the business pays
// for.
func (l *Linking) textOwner(tx Tx, business *Business, say Telling) (bool, error) {
	owner := business.Settings.Owner
	way := l.desk.carriers.Way(business.ID, Live, SMS, owner.Region)
	if way.Reason != "" || !slices.Contains(business.Settings.Countries, owner.Region) {
		return false, nil
	}
	phone, err := l.desk.openPhone(ownerPlace(business.ID), owner)
	if err != nil {
		return false, err
	}
	m, ok := say(business.Settings.Locale)
	if !ok {
		return false, nil
	}
	return true, l.send(tx, Way{Channel: SMS}, business.ID, phoneTarget(phone), m)
}

// A message of its own to a phone keeps "KZ +77011234567" as its target.
func phoneTarget(p Phone) string { return p.Region() + " " + p.E164() }

func readPhoneTarget(target string) Phone {
	region, number, _ := strings.Cut(target, " ")
	return NewPhone(number, region)
}

// send stores a message of the program's own as a delivery in this process's
// hands.
func (l *Linking) send(tx Tx, way Way, business ID, target string, m Message) error {
	dlv, err := l.compose(tx, way, business, target, m)
	if err != nil {
		return err
	}
	dlv.Status, dlv.Try, dlv.BootID, dlv.DueAt = Sending, 1, l.boot, tx.Now().Add(l.desk.rules.lease())
	return tx.AddDelivery(dlv)
}

// compose makes a delivery of a message that belongs to no verification.
func (l *Linking) compose(tx Tx, way Way, business ID, target string, m Message) (*Delivery, error) {
	content, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	dlv := &Delivery{
		ID: NewID(PrefixDelivery, tx.Now()), BusinessID: business, Mode: Live, Kind: DeliverReply,
		Channel: way.Channel, BotID: way.BotID, QueuedAt: tx.Now(),
	}
	dlv.Target = l.desk.vault.Seal(targetPlace(dlv), []byte(target))
	dlv.Content = l.desk.vault.Seal(contentPlace(dlv), content)
	return dlv, nil
}
