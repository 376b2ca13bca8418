package app

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"otpravka/bot/whatsappcloud"
	"otpravka/internal/keyring"
	"otpravka/internal/phone"
	"otpravka/otpcore"
	"otpravka/webhook/callbacks"
)

// WhatsAppPrices are what Meta takes for a delivered message, as its rate card
// says it. Meta's reports name no amounts.
type WhatsAppPrices struct {
	Currency string `yaml:"currency"`
	// ByCategory holds a price for each country, by Meta's category of the message
	// (authentication, utility, service) and the country's code; "*" is all others.
	ByCategory map[string]map[string]string `yaml:"by_category"`
}

var (
	priceForm    = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,6})?$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	placeForm    = regexp.MustCompile(`^([A-Z]{2}|\*)$`)
)

func (p WhatsAppPrices) check() error {
	if len(p.ByCategory) > 0 && !currencyForm.MatchString(p.Currency) {
		return fmt.Errorf("whatsapp_prices: write the currency as three capital letters")
	}
	for category, places := range p.ByCategory {
		for place, price := range places {
			if !placeForm.MatchString(place) || !priceForm.MatchString(price) {
				return fmt.Errorf("whatsapp_prices: %s: %s: write a country as two capital letters or *, and its price like \"0.0125\", in quotation marks", category, place)
			}
		}
	}
	return nil
}

// of is the price of a message to the number, or zero where nobody knows it.
func (p WhatsAppPrices) of(category, number string) otpcore.Money {
	places := p.ByCategory[category]
	to, err := phone.Parser{}.ParsePhone(number, "")
	amount := places["*"]
	if price, ok := places[to.Region()]; ok && err == nil {
		amount = price
	}
	if amount == "" {
		return otpcore.Money{}
	}
	return otpcore.Money{Amount: amount, Currency: p.Currency}
}

// newCloud makes what registers and connects numbers of the Cloud API. Keys and
// verify tokens follow from the number, so that the owner enters them once.
func newCloud(cfg Config, ring *keyring.Ring, core *otpcore.Core, baseURL string) (*whatsappcloud.Client, *whatsappcloud.Factory, error) {
	client, err := whatsappcloud.NewClient(cfg.WhatsAppCloudAPI, cfg.WhatsAppCloudVersion)
	if err != nil {
		return nil, nil, err
	}
	return client, whatsappcloud.NewFactory(client, whatsappcloud.Options{
		CallbackKey: func(account string) string { return cloudKey(ring, account) },
		VerifyToken: func(account string) string {
			mac := ring.MAC("verify token:whatsapp_cloud", []byte(account))
			return base64.RawURLEncoding.EncodeToString(mac[:16])
		},
		CallbackURL: func(key string) string { return baseURL + callbacks.WhatsAppPath + key },
		Receipts:    core.Receipts,
		Settings: func(ctx context.Context, business otpcore.ID) (whatsappcloud.Settings, error) {
			b, err := core.Businesses.Get(ctx, business)
			if err != nil {
				return whatsappcloud.Settings{}, err
			}
			ttl, after := cfg.Rules.Times(b.Settings)
			return whatsappcloud.Settings{TTL: ttl, FallbackAfter: after}, nil
		},
		Price: cfg.WhatsAppPrices.of,
		Log:   cfg.Log,
	}), nil
}

func cloudKey(ring *keyring.Ring, account string) string {
	return callbackKey(ring, string(otpcore.BotWhatsAppCloud), account)
}

// clouds tells where Meta posts to each number of the Cloud API.
func (e *examination) clouds(context.Context) []Finding {
	if e.found == nil || e.ring == nil || e.baseURL == "" {
		return nil
	}
	var all []Finding
	for _, b := range e.found.Bots {
		if b.Kind != otpcore.BotWhatsAppCloud {
			continue
		}
		address := e.baseURL + callbacks.WhatsAppPath + cloudKey(e.ring, b.Account)
		if !strings.HasPrefix(address, "https://") {
			all = append(all, Finding{Grade: Warn, Text: fmt.Sprintf("Meta cannot post to +%s at %s: set OTPRAVKA_PUBLIC_URL to an https address", b.Username, address)})
			continue
		}
		all = append(all, Finding{Grade: OK, Text: fmt.Sprintf("Meta posts what happens at +%s to %s, if that is entered in the app", b.Username, address)})
	}
	return all
}
