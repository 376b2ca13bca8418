package cli

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"otpravka/internal/app"
	"otpravka/storage"
)

type copyCommand struct {
	From string `env:"OTPRAVKA_DATABASE_URL" default:"${database}" placeholder:"URL" help:"Database to copy, whose server is stopped (${default})."`
	To   string `env:"OTPRAVKA_COPY_TO" required:"" placeholder:"URL" help:"Empty database to copy to: sqlite:///path/file.db or postgres://user:password@host/database."`
	masterKey
	StartOver bool `help:"Empty a target that holds an unfinished copy, and begin again."`
}

// Run copies, and shows on the way how far it is.
func (c copyCommand) Run(env Env) error {
	p := &progress{out: env.Err}
	done, err := app.Copy(env.Context, app.Config{MasterKey: c.MasterKey, MasterKeyFile: c.MasterKeyFile}, storage.Transfer{
		From: c.From, To: c.To, StartOver: c.StartOver, Told: p.show,
	})
	p.end()
	if err != nil {
		return err
	}
	return printTransferred(env.Out, done)
}

// progress prints a line for each table, and one a second in a long one.
type progress struct {
	out    io.Writer
	last   storage.Progress
	begun  time.Time // the table
	from   int64     // rows that were there then
	shown  time.Time
	unsaid bool // the last one was too soon for a line
}

const progressPause = time.Second

func (p *progress) show(now storage.Progress) {
	at := time.Now()
	if now.Table != p.last.Table || now.Checking != p.last.Checking {
		p.end()
		// The first batch is not measured: when it began is not known.
		p.begun, p.from, p.shown = at, now.Rows, time.Time{}
	}
	p.last, p.unsaid = now, true
	if at.Sub(p.shown) >= progressPause {
		p.line(at)
	}
}

// end prints the last one, if that was too soon for a line.
func (p *progress) end() {
	if p.unsaid {
		p.line(time.Now())
	}
}

func (p *progress) line(at time.Time) {
	p.shown, p.unsaid = at, false
	doing := "copied"
	if p.last.Checking {
		doing = "read back"
	}
	pace := ""
	if took := at.Sub(p.begun); took > 0 {
		pace = fmt.Sprintf(", %.0f rows/s", float64(p.last.Rows-p.from)/took.Seconds())
	}
	_, _ = fmt.Fprintf(p.out, "%s: %d rows %s%s\n", p.last.Table, p.last.Rows, doing, pace)
}

func printTransferred(out io.Writer, done storage.Transferred) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	var all int64
	_, _ = fmt.Fprintln(w, "table\trows\t")
	for _, t := range done.Tables {
		_, _ = fmt.Fprintf(w, "%s\t%d\t\n", t.Table, t.Rows)
		all += t.Rows
	}
	_, _ = fmt.Fprintf(w, "total\t%d\t\n", all)
	if err := w.Flush(); err != nil {
		return err
	}
	password := ""
	if storage.IsPostgres(done.To) {
		password = ", with its password"
	}
	_, err := fmt.Fprintf(out, "\nAll rows were read back and are the same.\nStart the server with OTPRAVKA_DATABASE_URL set to %s%s.\nNo server starts on %s any more.\n", done.To, password, done.From)
	return err
}
