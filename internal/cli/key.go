package cli

import (
	"fmt"

	"otpravka/internal/app"
	"otpravka/internal/app/admin"
	"otpravka/otpcore"
)

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Make an API key for a business, say one that has lost its keys, and print it this once."`
}

type keyCreate struct {
	Business string   `required:"" placeholder:"BIZ_ID" help:"Id of the business, as business list shows it."`
	Name     string   `default:"operator's key" placeholder:"NAME" help:"What the key is for, as the business reads it in its list (${default})."`
	Mode     string   `enum:"live,test" default:"live" help:"live or test (${default})."`
	Scopes   []string `enum:"start,check,orders,reach,admin" default:"admin" placeholder:"SCOPE" help:"What it may do: start, check, orders, reach, admin (${default}: all of it)."`
	house
}

// Run makes the key.
func (c keyCreate) Run(env Env) error {
	business, ok := otpcore.ParseID(otpcore.PrefixBusiness, c.Business)
	if !ok {
		return fmt.Errorf("%q is no id of a business: take one that `otpravka business list` shows, like biz_…", c.Business)
	}
	cfg, err := c.load(env.Err)
	if err != nil {
		return err
	}
	order := admin.NewKey{Business: business, Name: c.Name, Mode: otpcore.Mode(c.Mode)}
	for _, s := range c.Scopes {
		order.Scopes = append(order.Scopes, otpcore.Scope(s))
	}
	return app.Operate(env.Context, cfg, func(op app.Operator) error {
		made, err := op.CreateKey(env.Context, order)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Out, "%s key  %s  %s\nThe key is shown this once: keep it now.\n", c.Mode, made.ID, made.Key)
		return err
	})
}
