package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"otpravka/bot/telegram"
	"otpravka/internal/keyring"
	"otpravka/otpcore"
	"otpravka/sms"
	"otpravka/storage"
)

// SharedBot is a bot of the operator, which speaks for the businesses that the
// operator approved.
type SharedBot struct {
	Token      string                `yaml:"token"`    // env:NAME or file:PATH
	Username   string                `yaml:"username"` // as people address it, without "@"
	Businesses map[otpcore.ID]string `yaml:"businesses"`
	Tell       otpcore.ID            `yaml:"tell"` // business whose owner hears of the bot's trouble; empty: nobody

	line int
}

// UnmarshalYAML keeps the line for what can be wrong about the bot.
func (b *SharedBot) UnmarshalYAML(n *yaml.Node) error {
	type plain SharedBot
	b.line = n.Line
	return sms.Load(n, (*plain)(b))
}

func checkShared(bots []SharedBot) error {
	for _, b := range bots {
		line := b.line
		if b.Username == "" || strings.HasPrefix(b.Username, "@") {
			return fmt.Errorf("line %d: a shared bot needs its username, as people address it and without @", line)
		}
		if len(b.Businesses) == 0 {
			return fmt.Errorf("line %d: the shared bot %s serves nobody: list the ids of businesses with the names under which they may speak", line, b.Username)
		}
		if _, ok := otpcore.ParseID(otpcore.PrefixBusiness, string(b.Tell)); !ok && b.Tell != "" {
			return fmt.Errorf("line %d: the shared bot %s: tell is the id of the business whose owner hears of the bot's trouble, biz_…", line, b.Username)
		}
		for id, name := range b.Businesses {
			if _, ok := otpcore.ParseID(otpcore.PrefixBusiness, string(id)); !ok || strings.TrimSpace(name) != name || name == "" || len(name) > 64 || strings.ContainsAny(name, "\r\n\t") {
				return fmt.Errorf("line %d: the shared bot %s: write each business as its id, a colon and the name under which it may speak, for example biz_…: Book House", line, b.Username)
			}
		}
	}
	return nil
}

// declareShared makes the declared bots known to the database, under the ids that
// links know them by, and tells whom they serve and who hears of their trouble. One
// that is declared no more keeps its row and its links and stands still.
func declareShared(ctx context.Context, db *storage.DB, ring *keyring.Ring, bots []SharedBot) (otpcore.Shared, map[otpcore.ID]otpcore.ID, error) {
	if len(bots) == 0 {
		return nil, nil, nil
	}
	known, err := db.Bots(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	shared, told := make(otpcore.Shared, len(bots)), make(map[otpcore.ID]otpcore.ID)
	for _, b := range bots {
		token, err := sms.ReadSecret(b.Token, b.line)
		if err != nil {
			return nil, nil, fmt.Errorf("shared bot %s: %w", b.Username, err)
		}
		row, err := sharedRow(known, b, token)
		if err != nil {
			return nil, nil, fmt.Errorf("shared bot %s: %w", b.Username, err)
		}
		if shared[row.ID] != nil {
			return nil, nil, fmt.Errorf("shared bot %s: the bot is declared twice", b.Username)
		}
		at := otpcore.Place{Table: "bots", Column: "token", Row: row.ID, Business: row.BusinessID}
		row.Token = ring.Seal(at, []byte(token))
		if err := db.Write(ctx, func(tx otpcore.Tx) error { return tx.SaveBot(row) }); err != nil {
			return nil, nil, fmt.Errorf("shared bot %s: %w", b.Username, err)
		}
		shared[row.ID], told[row.ID] = b.Businesses, b.Tell
	}
	return shared, told, nil
}

var (
	errSharedToken = errors.New("this is no token of @BotFather: a number, a colon and some 35 characters")
	errSharedTaken = errors.New("a business has registered this bot for itself: remove it there first (DELETE /v1/bots)")
)

// sharedRow finds the bot's row or begins one.
func sharedRow(known []*otpcore.Bot, b SharedBot, token string) (*otpcore.Bot, error) {
	account, ok := telegram.Account(token)
	if !ok {
		return nil, errSharedToken
	}
	now := time.Now()
	row := &otpcore.Bot{
		ID: otpcore.NewID(otpcore.PrefixBot, now), Kind: otpcore.BotTelegram, Account: account, CreatedAt: now,
	}
	for _, old := range known {
		switch {
		case old.Kind != otpcore.BotTelegram || old.Account != account:
		case !old.Shared():
			return nil, errSharedTaken
		default:
			row = old
		}
	}
	row.Username, row.Name = b.Username, b.Username
	if row.State == "" { // a known one keeps its state, so that nobody is told twice of the same trouble
		row.State, row.StateAt = otpcore.BotConnecting, now
	}
	return row, nil
}
