package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var bizID = regexp.MustCompile(`biz_[0-9a-z]{26}`)

func TestSharedListsWhomTheBotsServe(t *testing.T) {
	dir := t.TempDir()
	place := []string{"--database-url", filepath.Join(dir, "otpravka.db"), "--master-key-file", filepath.Join(dir, "key", "master.key")}
	id := func(name string) string {
		r := run(t, append([]string{"business", "create", "--name", name, "--country", "KZ"}, place...)...)
		found := bizID.FindString(r.out)
		if r.status != 0 || found == "" {
			t.Fatalf("business create ended with %d: %s%s", r.status, r.out, r.err)
		}
		return found
	}
	books, taxi := id("Book House"), id("Taxi")
	const nobody = "biz_01kpx3q8e5f1ttgq0g7m9y2c4d"
	token, file := filepath.Join(dir, "token"), filepath.Join(dir, "otpravka.yaml")
	for path, text := range map[string]string{
		token: "7000000099:a-token-of-the-operators-shared-bot",
		file: "shared_bots:\n  - token: file:" + token + "\n    username: city_bot\n    businesses:\n" +
			"      " + books + ": Book House\n      " + taxi + ": Steppe Taxi\n      " + nobody + ": Zoo\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := run(t, append([]string{"shared", "--config", file}, place...)...)
	want := "@city_bot  Book House   https://t.me/city_bot?start=" + books + "  ok\n" +
		"@city_bot  Steppe Taxi  https://t.me/city_bot?start=" + taxi + "  calls itself Taxi now\n" +
		"@city_bot  Zoo          https://t.me/city_bot?start=" + nobody + "  no such business\n"
	if r.status != 0 || r.out != want {
		t.Errorf("ended with %d: %s\n%s, want\n%s", r.status, r.err, r.out, want)
	}
	if r := run(t, append([]string{"shared"}, place...)...); r.status != 1 || !strings.Contains(r.err, "OTPRAVKA_CONFIG") {
		t.Errorf("without a file it ended with %d: %s", r.status, r.err)
	}
}
