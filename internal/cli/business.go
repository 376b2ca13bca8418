package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"otpravka/internal/app"
	"otpravka/internal/app/admin"
	"otpravka/otpcore"
	"otpravka/templates"
)

type businessCommand struct {
	Create businessCreate `cmd:"" help:"Make a business and print its two API keys, which are shown this once."`
	List   businessList   `cmd:"" help:"List the businesses."`
}

type businessCreate struct {
	Name     string   `required:"" placeholder:"NAME" help:"The brand, as users read it in their chats."`
	Country  []string `required:"" placeholder:"KZ" help:"Country (ISO 3166) that SMS may reach; the first one also sets locale, currency and time zone. Repeat for more."`
	Locale   string   `placeholder:"ru" help:"Language of the texts; default by country."`
	Currency string   `placeholder:"KZT" help:"Currency of amounts; default by country."`
	TimeZone string   `placeholder:"Asia/Almaty" help:"Time zone of times in texts; default by country."`
	house
}

// Run makes the business.
func (c businessCreate) Run(env Env) error {
	cfg, err := c.load(env.Err)
	if err != nil {
		return err
	}
	set, err := c.businessSettings()
	if err != nil {
		return err
	}
	opened, err := app.Establish(env.Context, cfg, func(op app.Operator) error {
		b, err := op.CreateBusiness(env.Context, admin.NewBusiness{Name: c.Name, Settings: set})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Out, "business  %s  %s\nlive key  %s\ntest key  %s\nThe keys are shown this once: keep them now.\n", b.ID, b.Name, b.LiveKey, b.TestKey)
		return errors.Join(err, noteForeign(env.Err, set.Locale))
	})
	if err != nil || opened == "" {
		return err
	}
	_, err = fmt.Fprintf(env.Err, "The business is in %s, on which no server runs.\n", opened)
	return err
}

// noteForeign says that codes will not be in the language of the business, before
// its users find out.
func noteForeign(to io.Writer, locale string) error {
	texts, err := templates.New()
	if err != nil {
		return err
	}
	read := texts.Locale(locale, "")
	if language, _, _ := strings.Cut(locale, "-"); language == read {
		return nil
	}
	_, err = fmt.Fprintf(to, "There are no texts in %s: people read %s until you store texts of your own (docs/templates.md).\n", locale, read)
	return err
}

func (c businessCreate) businessSettings() (otpcore.Settings, error) {
	for i, country := range c.Country {
		c.Country[i] = strings.ToUpper(country)
	}
	place, err := defaultsOf(c.Country[0])
	if err != nil {
		return otpcore.Settings{}, err
	}
	return otpcore.Settings{
		Countries: c.Country, DefaultCountry: c.Country[0],
		Locale:   orElse(c.Locale, place.locale),
		Currency: orElse(c.Currency, place.currency),
		TimeZone: orElse(c.TimeZone, place.timeZone),
	}, nil
}

func orElse(value, fallback string) string {
	if value != "" {
		return value
	}
	return fallback
}

type businessList struct{ house }

// Run lists the businesses.
func (c businessList) Run(env Env) error {
	cfg, err := c.load(env.Err)
	if err != nil {
		return err
	}
	return app.Operate(env.Context, cfg, func(op app.Operator) error {
		all, err := op.ListBusinesses(env.Context, struct{}{})
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
		for _, b := range all {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", b.ID, b.Name, strings.Join(b.Countries, " "))
		}
		return table.Flush()
	})
}
