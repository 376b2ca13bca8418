//go:build !nowhatsmeow

package whatsappdevice

import (
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"otpravka/internal/pgtest"
	"otpravka/internal/sim/whatsappsim"
	"otpravka/otpcore"
)

// tells lists the tables of the keys in which a phone's number or hidden address
// stands.
func (d *desk) tells(p *whatsappsim.Phone) []string {
	d.Helper()
	var found []string
	tables, columns := `SELECT name FROM sqlite_master WHERE type = 'table'`, `SELECT name FROM pragma_table_info('%s')`
	if d.keys.postgres != "" {
		tables = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`
		columns = `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '%s'`
	}
	for _, table := range d.column(tables) {
		for _, column := range d.column(fmt.Sprintf(columns, table)) {
			var n int
			d.must(d.keys.db.QueryRow(fmt.Sprintf(`SELECT count(*) FROM %s WHERE CAST(%s AS TEXT) LIKE $1 OR CAST(%s AS TEXT) LIKE $2`, table, column, column),
				"%"+p.Number()+"%", "%"+p.LID()+"%").Scan(&n))
			if n > 0 {
				found = append(found, table)
				break
			}
		}
	}
	return found
}

func (d *desk) column(query string) (all []string) {
	d.Helper()
	rows, err := d.keys.db.Query(query)
	d.must(err)
	defer func() { d.must(rows.Close()) }()
	for rows.Next() {
		var one sql.NullString
		d.must(rows.Scan(&one))
		all = append(all, one.String)
	}
	return all
}

// TestForgottenPerson: nothing in the keys tells of them, also not once a message of
// theirs was changed behind it; others stay, and who writes again is answered.
func TestForgottenPerson(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { forgotten(newDesk(t)) })
	t.Run("postgres", func(t *testing.T) { forgotten(newOver(t, InPostgres(pgtest.URL(t)), slog.New(slog.DiscardHandler))) })
}

func forgotten(d *desk) {
	t := d.TB
	d.link(newPhone("Shop"))
	anna, boris := newPhone("Anna"), newPhone("Boris")
	for _, p := range []*whatsappsim.Phone{anna, boris} {
		d.writes(p, "hello, shop")
		d.hears()
		d.must(d.owner.WaitSettled(soon(t)))
		d.sends(to(p, "482913"))
		d.shows(p, "482913")
	}
	if before := strings.Join(d.tells(anna), " "); !strings.Contains(before, "whatsmeow_sessions") || !strings.Contains(before, "whatsmeow_lid_map") {
		t.Fatalf("it stood only in %s", before)
	}
	phone := otpcore.NewPhone("+"+anna.Number(), "KZ")
	d.must(d.ForgetPhone(t.Context(), phone))
	if left := d.tells(anna); len(left) != 1 || left[0] != "otpravka_forgotten" {
		t.Errorf("it stands in %v", left)
	}
	d.sends(to(anna, "the change of a message")) // takes keys anew
	d.shows(anna, "the change of a message")
	d.must(d.keys.sweep(t.Context(), d.bot.ID, time.Now().Add(forgetAgain-time.Minute)))
	if left := d.tells(anna); len(left) < 2 {
		t.Errorf("deleted before its time: it stands in %v", left)
	}
	d.must(d.keys.sweep(t.Context(), d.bot.ID, time.Now().Add(forgetAgain+time.Minute)))
	if left := d.tells(anna); len(left) != 0 {
		t.Errorf("it stands in %v", left)
	}
	if len(d.tells(boris)) < 2 {
		t.Error("somebody else was forgotten, too")
	}
	for _, p := range []*whatsappsim.Phone{anna, boris} {
		d.writes(p, "hello again")
		d.hears()
		d.sends(to(p, "welcome back"))
		d.shows(p, "welcome back")
	}
	d.must(d.ForgetPhone(t.Context(), otpcore.NewPhone("+77019999999", "KZ"))) // nobody
}
