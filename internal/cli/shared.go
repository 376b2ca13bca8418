package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"otpravka/internal/app"
	"otpravka/otpcore"
)

type sharedCommand struct{ house }

var errNoFile = errors.New("no YAML file is named: give it with --config or OTPRAVKA_CONFIG, shared bots are declared there")

// Run lists whom the declared bots serve, with the link that opens each one's
// chat for a business.
func (c sharedCommand) Run(env Env) error {
	cfg, err := c.load(env.Err)
	switch {
	case err != nil:
		return err
	case c.Config == "":
		return errNoFile
	}
	return app.Operate(env.Context, cfg, func(op app.Operator) error {
		all, err := op.ListBusinesses(env.Context, struct{}{})
		if err != nil {
			return err
		}
		names := make(map[otpcore.ID]string, len(all))
		for _, b := range all {
			names[b.ID] = b.Name
		}
		table := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
		for _, bot := range cfg.SharedBots {
			for _, id := range slices.SortedFunc(maps.Keys(bot.Businesses), func(a, b otpcore.ID) int {
				return cmp.Or(cmp.Compare(bot.Businesses[a], bot.Businesses[b]), cmp.Compare(a, b))
			}) {
				_, _ = fmt.Fprintf(table, "@%s\t%s\thttps://t.me/%s?start=%s\t%s\n",
					bot.Username, bot.Businesses[id], bot.Username, id, remark(bot.Businesses[id], id, names))
			}
		}
		return table.Flush()
	})
}

// remark says what the operator may want to look at.
func remark(approved string, id otpcore.ID, names map[otpcore.ID]string) string {
	switch name, known := names[id]; {
	case !known:
		return "no such business"
	case name != approved:
		return "calls itself " + name + " now"
	}
	return "ok"
}
