package otpcore

import (
	"context"
	"time"
)

// Links is what businesses do with links: open, show, revoke.
type Links struct {
	desk   *desk
	ledger Ledger
	reader Reader
	doors  doors
	parse  func(by Caller, raw, country string) (Phone, error)
}

// LinkRequest asks for an address that opens the bot's chat.
type LinkRequest struct {
	Phone       string // empty: whichever phone the person shares
	Country     string
	Channel     Channel
	TTL         *time.Duration // 10 min unless given, at most 7 days
	ReturnURL   string         // where a button in the chat leads back to; may be empty
	Idempotency *IdempotencyKey
}

// OpenLink is a link as a business sees it.
type OpenLink struct {
	*Link
	Phone Phone  // zero while nobody shared one
	URL   string // of a pending link: opens the chat; empty once its bot is gone
	Token string // the one in the URL
}

const linkLife = 10 * time.Minute

// Open makes a link that waits for its chat. The address works once.
func (l *Links) Open(ctx context.Context, by Caller, r LinkRequest) (*OpenLink, error) {
	if by.Mode == Test {
		return nil, &Error{Kind: KindForbidden, Code: "wrong_mode", Detail: "A test key links no real chats. Use a live key; test verifications need no links."}
	}
	ttl := linkLife
	if r.TTL != nil {
		ttl = *r.TTL
	}
	if ttl < time.Minute || ttl > 7*day {
		return nil, invalid("ttl_out_of_range", "/ttl", "Send a ttl of 60 to 604800 whole seconds.")
	}
	if !r.Channel.IsChat() {
		return nil, invalid("channel_unknown", "/channel", "Links can be opened for telegram and whatsapp.")
	}
	if err := checkReturnURL(by.Business.Settings, r.ReturnURL); err != nil {
		return nil, err
	}
	var phone Phone
	if r.Phone != "" {
		var err error
		if phone, err = l.parse(by, r.Phone, r.Country); err != nil {
			return nil, err
		}
	}
	way := l.desk.carriers.Way(by.Business.ID, by.Mode, r.Channel, phone.Region())
	if way.ByPhone {
		way.Reason = "The one bot that is registered reaches phones by their numbers, and nobody can link to it."
	}
	if way.Reason != "" {
		return nil, &Error{Kind: KindConflict, Code: "no_bot", Field: "/channel", Detail: way.Reason + " Register one with POST /v1/bots, or look at its state with GET /v1/bots."}
	}
	var link *Link
	err := WriteOnce(ctx, l.ledger, by.Business.ID, by.Mode, r.Idempotency.Once("links.open"), func(tx Tx, found ID) (ID, error) {
		if found != "" {
			var err error
			link, err = tx.Link(found)
			return found, err
		}
		link = &Link{
			ID: NewID(PrefixLink, tx.Now()), BusinessID: by.Business.ID, BotID: way.BotID, Channel: r.Channel,
			Status: LinkPending, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(ttl),
			ReturnURL: r.ReturnURL,
		}
		link.TokenHash = hashToken(l.desk.linkToken(link.ID))
		if !phone.IsZero() {
			link.Phone = l.desk.sealPhone(linkPhonePlace(link), phone)
		}
		return link.ID, tx.SaveLink(link)
	})
	if err != nil {
		return nil, err
	}
	return l.show(by, link)
}

// Get shows a link.
func (l *Links) Get(ctx context.Context, by Caller, id ID) (*OpenLink, error) {
	link, err := l.reader.Link(ctx, id)
	if err != nil {
		return nil, err
	}
	if link.BusinessID != by.Business.ID || by.Mode != Live {
		return nil, ErrNotFound
	}
	return l.show(by, link)
}

// Address returns what a QR code holds: the address behind a pending link's
// token, or that of a bot, by its id, where anybody may share their number.
// Whoever has either has the address. Everything else is ErrNotFound.
func (l *Links) Address(ctx context.Context, name string) (string, error) {
	if id, ok := ParseID(PrefixBot, name); ok {
		bot, err := l.reader.Bot(ctx, id)
		if err != nil {
			return "", err
		}
		return l.OfBot(ctx, bot, "")
	}
	if len(name) != linkTokenLen {
		return "", ErrNotFound
	}
	link, err := l.reader.LinkByToken(ctx, hashToken(name))
	if err != nil {
		return "", err
	}
	business, err := l.reader.Business(ctx, link.BusinessID)
	if err != nil {
		return "", err
	}
	shown, err := l.show(Caller{Business: business, Mode: Live}, link)
	if err != nil {
		return "", err
	}
	return found(shown.URL)
}

// OfBot is the address at which anybody may link to the bot. That of a shared one
// names the business, if one is given. A bot that nobody can write to has none:
// ErrNotFound.
func (l *Links) OfBot(ctx context.Context, bot *Bot, business ID) (string, error) {
	var of door
	token := ""
	if bot.Shared() {
		token = string(business)
	} else {
		business, err := l.reader.Business(ctx, bot.BusinessID)
		if err != nil {
			return "", err
		}
		of = doorOf(business)
	}
	return found(l.doors.url(Way{Channel: bot.Kind.Channel(), BotName: bot.Username}, token, of))
}

func doorOf(b *Business) door { return door{business: b.ID, name: b.Name, locale: b.Settings.Locale} }

func found(address string) (string, error) {
	if address == "" {
		return "", ErrNotFound
	}
	return address, nil
}

// Revoke withdraws a link for good; revoking twice is the same as once.
func (l *Links) Revoke(ctx context.Context, by Caller, id ID) error {
	return l.ledger.Write(ctx, func(tx Tx) error {
		link, err := tx.Link(id)
		if err != nil {
			return err
		}
		if link.BusinessID != by.Business.ID || by.Mode != Live {
			return ErrNotFound
		}
		if link.Status == LinkRevoked {
			return nil
		}
		link.Status, link.EndReason, link.EndedAt = LinkRevoked, "deleted", tx.Now()
		if err := tx.SaveLink(link); err != nil {
			return err
		}
		return tell(tx, link, EventLinkRevoked)
	})
}

func (l *Links) show(by Caller, link *Link) (*OpenLink, error) {
	out := &OpenLink{Link: link}
	if !link.Phone.Index.IsZero() {
		var err error
		if out.Phone, err = l.desk.shownPhone(linkPhonePlace(link), link.Phone); err != nil {
			return nil, err
		}
	}
	if link.Status != LinkPending {
		return out, nil
	}
	if !l.ledger.Now().Before(link.ExpiresAt) {
		expired := *link
		expired.Status = LinkExpired
		out.Link = &expired
		return out, nil
	}
	if way := l.desk.carriers.Way(by.Business.ID, by.Mode, link.Channel, out.Phone.Region()); way.BotID == link.BotID {
		out.Token = l.desk.linkToken(link.ID)
		out.URL = l.doors.url(way, out.Token, doorOf(by.Business))
	}
	return out, nil
}
