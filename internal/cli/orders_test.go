package cli_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"otpravka/internal/freeport"
)

// ordersShop is a server with a business whose test key imports orders.
func ordersShop(t *testing.T) (place, *shopApp) {
	t.Helper()
	p, s, _ := ordersShopWithKey(t)
	return p, s
}

// ordersShopWithKey is ordersShop with the live key, too.
func ordersShopWithKey(t *testing.T) (place, *shopApp, string) {
	t.Helper()
	p, addr := newPlace(t), freeport.For(t)
	server := p.launch(addr)
	t.Cleanup(func() { _ = server.end(t, syscall.SIGTERM) })
	made, err := p.command("business", "create", "--name", "Shop", "--country", "KZ").Output()
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`otp_test_\w+`).FindString(string(made))
	return p, &shopApp{TB: t, url: "http://" + addr, key: key}, regexp.MustCompile(`otp_live_\w+`).FindString(string(made))
}

func (s *shopApp) importing(args ...string) result {
	s.Helper()
	return run(s, append([]string{"orders", "import", "--url", s.url, "--key", s.key}, args...)...)
}

type importedOrder struct {
	Status string `json:"order_status"`
	Title  string

	Template string
	Total    struct{ Amount, Currency string }
	Code     string `json:"verification_id"`
	Updates  []struct{ ID string }
}

func (s *shopApp) order(number string) (o importedOrder) {
	s.Helper()
	s.call("GET", "/v1/orders/"+number, "", &o)
	return o
}

func TestOrdersExport(t *testing.T) {
	_, s := ordersShop(t)
	for n := range 101 { // more than a page
		s.call("POST", "/v1/order-updates", fmt.Sprintf(`{"order_id": "+A-%03d", "order_status": "at_customs", "title": "=At the customs", "phone": "+77015550123",
			"total": {"amount": "4990", "currency": "KZT"}}`, n), &struct{}{})
	}
	file := filepath.Join(t.TempDir(), "orders.csv")
	r := run(t, "orders", "export", "--url", s.url, "--key", s.key, file)
	if r.status != 0 || !strings.Contains(r.out, "101 orders are in") {
		t.Fatalf("export: %+v", r)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil || len(rows) != 102 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for n, row := range rows[1:] {
		want := []string{fmt.Sprintf("'+A-%03d", n), "at_customs", "'=At the customs", "'+77015550123"}
		if !slices.Equal(row[:4], want) || row[7] != "4990.00" || row[8] != "KZT" {
			t.Errorf("row %d: %q", n, row)
		}
	}
	if again := run(t, "orders", "export", "--url", s.url, "--key", s.key); again.out != string(raw) {
		t.Errorf("standard output differs from the file: %.200s", again.out)
	}
	refused := filepath.Join(t.TempDir(), "none.csv")
	if r := run(t, "orders", "export", "--url", s.url+"/nowhere", "--key", s.key, refused); r.status == 0 {
		t.Errorf("an export from nowhere: %+v", r)
	}
	if left, _ := filepath.Glob(refused + "*"); len(left) > 0 {
		t.Errorf("a failed export left %v", left)
	}
}

const importHead = "order_id,order_status,phone,title,occurred_at,total,currency,handover_code\n"

func TestOrdersImport(t *testing.T) {
	t.Parallel()
	p, s := ordersShop(t)
	file := filepath.Join(p.dir, "updates.csv")
	rows := importHead
	for n := range 250 {
		rows += fmt.Sprintf("A-%d,paid,+15005550001,,,,,\n", n)
	}
	rows += "A-7,at_customs,+15005550001,\"At the customs, office\",,\"4990,50\",KZT,true\n"
	write(t, file, rows)
	r := s.importing("--batch", "100", file)
	if r.status != 0 || r.out != "251 updates are stored.\n" || !strings.Contains(r.err, "200 of 251: 200 stored, 0 refused") {
		t.Fatalf("import ended with %d: %s%s", r.status, r.out, r.err)
	}
	o := s.order("A-7")
	if o.Status != "at_customs" || o.Title != "At the customs, office" || o.Total.Amount != "4990.50" || o.Code == "" || len(o.Updates) != 2 {
		t.Errorf("order %+v", o)
	}
	// Whoever runs it again, whole or cut into other batches, sends nothing twice.
	if r := s.importing("--batch", "7", file); r.status != 0 {
		t.Errorf("the second run ended with %d: %s", r.status, r.err)
	}
	if again := s.order("A-7"); len(again.Updates) != 2 || again.Code != o.Code {
		t.Errorf("the second run sent something twice: %+v", again)
	}
	if strings.Contains(r.err+r.out, s.key) {
		t.Error("the key is on the screen")
	}
}

// TestOrdersImportInWordsOfTheBusiness: a line names the text, and a column for each
// of its values.
func TestOrdersImportInWordsOfTheBusiness(t *testing.T) {
	t.Parallel()
	p, s, live := ordersShopWithKey(t)
	owner := &shopApp{TB: t, url: s.url, key: live}
	owner.call("PUT", "/v1/templates/locker/en", `{"kind": "order", "params": [{"name": "locker", "type": "text", "required": true}],
		"chat": "order {{order}} is in locker {{locker}}", "sms": ["order {{order}}: locker {{locker}}"]}`, &struct{}{})
	file := filepath.Join(p.dir, "updates.csv")
	head := "order_id,order_status,phone,template,params.locker\n"
	write(t, file, head+"L-1,in_locker,+15005550001,locker,12 B\nL-2,paid,+15005550001,,\nL-3,in_locker,+15005550001,locker,\n")
	r := s.importing(file)
	if r.status != 1 || !strings.Contains(r.err, "line 4, order L-3, params/locker: ") || !strings.Contains(r.err, "1 of 3 updates were refused") {
		t.Errorf("import ended with %d: %s", r.status, r.err)
	}
	for number, want := range map[string]string{"L-1": "locker", "L-2": ""} {
		if o := s.order(number); o.Template != want {
			t.Errorf("order %+v", o)
		}
	}
	write(t, file, strings.Replace(head, "params.locker", "params.", 1)+"L-1,in_locker,+15005550001,locker,1\n")
	if r := s.importing(file); r.status != 1 || !strings.Contains(r.err, "params.NAME for the values of a template") {
		t.Errorf("import ended with %d: %s", r.status, r.err)
	}
}

func TestOrdersImportTellsWhatIsRefused(t *testing.T) {
	t.Parallel()
	p, s := ordersShop(t)
	file, report := filepath.Join(p.dir, "updates.csv"), filepath.Join(p.dir, "report.csv")
	write(t, file, importHead+"A-1,paid,+15005550001,,,,,\n+7(01),paid,12,,,,,\nA-3,gone,+15005550001,,,,,\nA-4,paid,+15005550001,,,,,\n")
	r := s.importing("--report", report, file)
	if r.status != 1 || !strings.Contains(r.err, "line 3, order +7(01), phone: ") || !strings.Contains(r.err, "line 4, order A-3, title: ") ||
		!strings.Contains(r.err, "2 of 4 updates were refused") {
		t.Fatalf("import ended with %d: %s", r.status, r.err)
	}
	if o := s.order("A-4"); o.Status != "paid" {
		t.Errorf("a bad line hurt another one: %+v", o)
	}
	written, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(written), "\n2,A-1,201,sending,,\n") || !strings.Contains(string(written), "\n3,'+7(01),422,") {
		t.Errorf("report:\n%s", written)
	}
}

func TestOrdersImportReadsWhatSpreadsheetsWrite(t *testing.T) {
	t.Parallel()
	p, s := ordersShop(t)
	cp1251, err := charmap.Windows1251.NewEncoder().String("order_id;order_status;phone;title\nК-1;в_пути;+15005550001;Едет\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		args       []string
		status     int
		says       string
	}{
		{"a byte order mark and semicolons", "\ufefforder_id;order_status;phone\r\nB-1;paid;+15005550001\r\n", nil, 0, "1 update is stored"},
		{"tabs", "order_id\torder_status\tphone\nB-2\tpaid\t+15005550001\n", nil, 0, "1 update is stored"},
		{"windows-1251", cp1251, nil, 1, "line 2 is not UTF-8"},
		{"windows-1251, named", strings.Replace(cp1251, "\xe2_\xef\xf3\xf2\xe8", "transit", 1), []string{"--encoding", "windows-1251"}, 0, "1 update is stored"},
		{"UTF-16", "\xff\xfeo\x00", nil, 1, "UTF-16"},
		{"a spreadsheet", "PK\x03\x04...", nil, 1, "is a spreadsheet"},
		{"nothing", "", nil, 1, "empty"},
		{"headings only", "order_id,order_status,phone\n", nil, 1, "no updates"},
		{"an unknown heading", "order_id,order_status,phone,colour\nA,paid,1,red\n", nil, 1, `line 1: the heading "colour" is unknown`},
		{"a missing heading", "order_id,phone\nA,1\n", nil, 1, "order_status is missing"},
		{"a rounded phone", "order_id,order_status,phone\nA,paid,\"7,70155E+10\"\n", nil, 1, "line 2: phone is 7,70155E+10, which a spreadsheet has rounded"},
		{"a short line", "order_id,order_status,phone\nA,paid\n", nil, 1, "line 2"},
		{"an open quote", "order_id,order_status,phone\nA,paid,\"+1\n", nil, 1, "cannot be read"},
		{"an empty cell", "order_id,order_status,phone\nA,,+1\n", nil, 1, "line 2: order_status is empty"},
		{"half an amount", "order_id,order_status,phone,total,currency\nA,paid,+1,5,\n", nil, 1, "line 2: total and currency belong together"},
	} {
		file := filepath.Join(p.dir, "file.csv")
		write(t, file, c.text)
		r := s.importing(append(c.args, file)...)
		if r.status != c.status || !strings.Contains(r.out+r.err, c.says) {
			t.Errorf("%s: ended with %d: %s%s", c.name, r.status, r.out, r.err)
		}
	}
	if r := s.importing("--dry-run", filepath.Join(p.dir, "nowhere.csv")); r.status != 1 {
		t.Errorf("a file that is not there: %d", r.status)
	}
	if r := run(t, "orders", "import", "--url", s.url, "--key", "otp_test_nonsense", filepath.Join(p.dir, "file.csv")); r.status != 1 {
		t.Errorf("a key that is none: %d", r.status)
	}
}

// A killed import is run again and goes on: no update is stored twice, and none
// is lost. The server is killed as well.
func TestOrdersImportSurvivesBeingKilled(t *testing.T) {
	t.Parallel()
	p, addr := newPlace(t), freeport.For(t)
	server := p.launch(addr)
	made, err := p.command("business", "create", "--name", "Shop", "--country", "KZ").Output()
	if err != nil {
		t.Fatal(err)
	}
	s := &shopApp{TB: t, url: "http://" + addr, key: regexp.MustCompile(`otp_test_\w+`).FindString(string(made))}
	file := filepath.Join(p.dir, "updates.csv")
	const many = 600
	rows := "order_id,order_status,phone\n"
	for n := range many {
		rows += fmt.Sprintf("A-%d,delivered,+15005550001\n", n)
	}
	write(t, file, rows)
	cmd := p.command("orders", "import", "--batch", "20", file)
	cmd.Env = append(cmd.Env, "OTPRAVKA_URL="+s.url, "OTPRAVKA_KEY="+s.key)
	first := begin(p, cmd)
	first.waitFor(t, "100 of 600")
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for range first.log {
	}
	_ = first.Wait()
	_ = server.end(t, syscall.SIGKILL)
	server = p.launch(addr)
	defer func() { _ = server.end(t, syscall.SIGTERM) }()
	if r := s.importing("--batch", "50", file); r.status != 0 || r.out != "600 updates are stored.\n" {
		t.Fatalf("the second run ended with %d: %s%s", r.status, r.out, r.err)
	}
	for n := 5; n < many; n += 15 { // a few of every batch; a key may ask for 100 in a burst
		if o := s.order(fmt.Sprintf("A-%d", n)); len(o.Updates) != 1 {
			t.Errorf("order %d has %d updates", n, len(o.Updates))
		}
	}
}
