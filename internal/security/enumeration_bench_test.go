package security

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // erases rows beside the server

	"otpravka/internal/sim/telegramsim"
)

// coin gives the same unpredictable order of two in every run.
func coin(i int) int { return int(uint32(i)*2654435761>>16) & 1 }

// BenchmarkT19LinkedPhones starts codes for phones that are linked to a chat and
// for phones that are not, in mixed order, and asks whether the answer or its
// time tells which is which.
func BenchmarkT19LinkedPhones(b *testing.B) {
	const each = 2_000
	for b.Loop() {
		s := newServer(b)
		key := s.business("Shop")
		bot := s.tg.AddBot("7000000001:a-token-of-the-simulated-telegram-01", "shop1_bot", "Shop")
		s.want(http.StatusCreated, "POST", "/v1/bots", key, map[string]any{"kind": "telegram", "token": "7000000001:a-token-of-the-simulated-telegram-01"}, nil)
		s.must(bot.WaitPolling(context.Background()))
		phone := [2]func(int) string{
			func(i int) string { return fmt.Sprintf("+7701%07d", i) },
			func(i int) string { return fmt.Sprintf("+7702%07d", i) },
		}
		s.link(bot, each+warmStarts, phone[1])
		var took [2][]time.Duration
		var next [2]int
		shapes := map[string]bool{}
		for i := 0; len(took[0]) < each || len(took[1]) < each; i++ {
			class := coin(i)
			if next[class] == each+warmStarts {
				class = 1 - class
			}
			number := phone[class](next[class])
			next[class]++
			began := time.Now()
			a, err := s.ask(s.http, "POST", "/v1/verifications", key, map[string]any{"phone": number})
			spent := time.Since(began)
			s.must(err)
			if a.status != http.StatusCreated {
				b.Fatalf("%d %s", a.status, a.body)
			}
			shapes[shape(a)] = true
			if next[class] > warmStarts {
				took[class] = append(took[class], spent)
			}
		}
		verdict(b, "T19 different shapes of 4,000 answers", float64(len(shapes)), 1, "")
		area := auc(took[0], took[1])
		verdict(b, "T19 AUC of the latency, linked against unlinked", area, 0.55, "")
		b.Logf("p50 unlinked %v, linked %v", percentile(took[0], 0.5), percentile(took[1], 0.5))
		b.ReportMetric(area, "AUC")
	}
}

// warmStarts is how many starts of each class are not counted.
const warmStarts = 100

// link brings n persons through the linking conversation.
func (s *server) link(bot *telegramsim.Bot, n int, phone func(int) string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	people := make(chan int)
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for i := range people {
				u := s.tg.NewUser(telegramsim.UserOptions{Phone: phone(i), LanguageCode: "en"})
				u.Start(bot, "")
				_, err := u.WaitMessage(ctx, bot, func(m telegramsim.Message) bool { return m.FromBot })
				if err == nil {
					err = u.ShareContact(bot)
				}
				if err == nil {
					_, err = u.WaitMessage(ctx, bot, telegramsim.HasText("arrive in this chat from now on"))
				}
				if err != nil {
					s.Errorf("linking: %v", err)
				}
			}
		})
	}
	for i := range n {
		people <- i
	}
	close(people)
	workers.Wait()
	if s.Failed() {
		s.FailNow()
	}
}

var drawn = regexp.MustCompile(`"[^"]*_01[0-9a-z]{24}"|\+770[12][0-9]{7}|[0-9]{4}-[0-9]{2}-[0-9T:.]+Z|start=[0-9A-Za-z_-]+`)

// shape is an answer without what is drawn anew for each.
func shape(a answer) string {
	return fmt.Sprint(a.status, drawn.ReplaceAllString(string(a.body), "x"), slices.Sorted(maps.Keys(a.header)))
}

// BenchmarkT20UnknownIDs looks for ids that do not exist, that belong to
// somebody else, and that are purged. A key may miss 60 times a minute, so that
// many keys take turns.
func BenchmarkT20UnknownIDs(b *testing.B) {
	const each, ids, perKey = 5_000, 500, 60
	for b.Loop() {
		s := newServer(b)
		key, neighbour := s.business("Shop"), s.business("Neighbour")
		classes := map[string][]string{"unknown": nil, "foreign": nil, "purged": nil}
		for i := range ids {
			for name, by := range map[string]string{"foreign": neighbour, "purged": key} {
				var v struct{ ID string }
				s.want(http.StatusCreated, "POST", "/v1/verifications", by, map[string]any{"phone": fmt.Sprintf("+7701%07d", i), "channels": []string{"sms"}}, &v)
				classes[name] = append(classes[name], v.ID)
			}
			last := classes["purged"][i]
			classes["unknown"] = append(classes["unknown"], last[:len(last)-4]+"0000")
		}
		keys := s.moreKeys(key, 3*each/perKey+1)
		s.stop()
		s.erase(classes["purged"])
		s.run()
		for _, k := range keys {
			s.want(http.StatusOK, "GET", "/v1/settings", k, nil, nil)
		}
		took, bodies := map[string][]time.Duration{}, map[string]bool{}
		names := slices.Sorted(maps.Keys(classes))
		for i := range 3 * each {
			name := names[(i+i/3)%3]
			began := time.Now()
			a, err := s.ask(s.http, "GET", "/v1/verifications/"+classes[name][i%ids], keys[i/perKey], nil)
			spent := time.Since(began)
			s.must(err)
			if a.status != http.StatusNotFound {
				b.Fatalf("%s: %d %s", name, a.status, a.body)
			}
			bodies[string(a.body)] = true
			took[name] = append(took[name], spent)
		}
		verdict(b, "T20 different bodies of 15,000 answers", float64(len(bodies)), 1, "")
		var middle []time.Duration
		for _, name := range names {
			middle = append(middle, percentile(took[name], 0.5))
			b.Logf("p50 %s %v", name, percentile(took[name], 0.5))
		}
		gap := float64(slices.Max(middle)-slices.Min(middle)) / float64(time.Millisecond)
		verdict(b, "T20 greatest difference of the p50", gap, 1, "ms")
		b.ReportMetric(gap, "ms")
	}
}

func (s *server) moreKeys(key string, n int) []string {
	s.Helper()
	keys := make([]string, n)
	for i := range keys {
		var made struct{ Key string }
		s.want(http.StatusCreated, "POST", "/v1/keys", key, map[string]any{"name": "more", "scopes": []string{"admin"}}, &made)
		keys[i] = made.Key
	}
	return keys
}

// erase deletes verifications as clean-up does when their time is over.
func (s *server) erase(ids []string) {
	s.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.start.Dir, "data", "otpravka.db"))
	s.must(err)
	defer func() { s.must(db.Close()) }()
	list, err := json.Marshal(ids)
	s.must(err)
	for _, statement := range []string{
		"DELETE FROM events WHERE verification_id IN (SELECT value FROM json_each($1))",
		"DELETE FROM deliveries WHERE verification_id IN (SELECT value FROM json_each($1))",
		"DELETE FROM verifications WHERE id IN (SELECT value FROM json_each($1))",
	} {
		_, err := db.Exec(statement, string(list))
		s.must(err)
	}
}
