package whatsappcloud

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"

	"otpravka/bot"
	"otpravka/otpcore"
)

// Options are what a factory needs beside its client.
type Options struct {
	// CallbackKey and VerifyToken follow from the account and stay the same across
	// restarts; CallbackURL is the public address for a key.
	CallbackKey, VerifyToken func(account string) string
	CallbackURL              func(key string) string
	// Receipts store what is reported on messages.
	Receipts interface {
		Accept(ctx context.Context, receipts []otpcore.Receipt) error
	}
	// Settings are those of the business.
	Settings func(ctx context.Context, business otpcore.ID) (Settings, error)
	// Price is what a delivered message of Meta's category costs to the number,
	// "+" and digits; zero: nobody knows.
	Price func(category, number string) otpcore.Money
	Log   *slog.Logger
}

// Factory makes connectors for numbers of the Cloud API.
type Factory struct {
	client *Client
	opts   Options
}

var _ bot.Factory = (*Factory)(nil)

// NewFactory returns a factory whose connectors share the client.
func NewFactory(client *Client, opts Options) *Factory { return &Factory{client, opts} }

// Connect returns the number's connector.
func (f *Factory) Connect(b otpcore.Bot, credential string, home bot.Home) bot.Connector {
	c := &Connector{
		client: f.client, opts: f.opts, home: home, bot: b.ID, business: b.BusinessID,
		log: f.opts.Log.With("bot_id", b.ID), look: make(chan struct{}, 1),
	}
	if err := json.Unmarshal([]byte(credential), &c.account); err != nil {
		c.account = otpcore.CloudAccount{} // Meta refuses the empty token, and the state says what to do
	}
	c.access = accessOf(c.account)
	c.shelf = &shelf{account: c.account, access: c.access, log: c.log, worked: b.State.Worked(), syncing: make(chan struct{}, 1)}
	return c
}

var nonDigits = regexp.MustCompile(`[^0-9]`)

// Identify finds out whether token, ids and secret belong together. Meta checks
// the secret by the proof that is sent along.
func (f *Factory) Identify(ctx context.Context, credential string, _ bool) (bot.Identity, error) {
	var a otpcore.CloudAccount
	if json.Unmarshal([]byte(credential), &a) != nil || !tokenForm.MatchString(a.Token) {
		return bot.Identity{}, invalidToken(nil)
	}
	switch wantsApps := a.Button == oneTap || a.Button == zeroTap; {
	case a.AppSecret == "":
		return bot.Identity{}, invalidAccount("/whatsapp/app_secret", "Send the app secret: without it no post of Meta's could be believed.", nil)
	case wantsApps && len(a.Apps) == 0:
		return bot.Identity{}, invalidAccount("/whatsapp/apps", "Name the Android apps that take the code over, or let the button be copy_code.", nil)
	case !wantsApps && len(a.Apps) > 0:
		return bot.Identity{}, invalidAccount("/whatsapp/button", "Apps take codes over with the button one_tap or zero_tap.", nil)
	}
	var number struct {
		Display string `json:"display_phone_number"`
		Name    string `json:"verified_name"`
	}
	query := url.Values{"fields": {"display_phone_number,verified_name"}}
	if failed := f.client.get(ctx, accessOf(a), a.PhoneNumberID, query, &number); failed != nil {
		return bot.Identity{}, registrationError(failed, "/whatsapp/phone_number_id")
	}
	var numbers struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	query = url.Values{"fields": {"id"}, "limit": {"100"}}
	if failed := f.client.get(ctx, accessOf(a), a.AccountID+"/phone_numbers", query, &numbers); failed != nil {
		return bot.Identity{}, registrationError(failed, "/whatsapp/business_account_id")
	}
	for _, n := range numbers.Data {
		if n.ID == a.PhoneNumberID {
			digits := nonDigits.ReplaceAllString(number.Display, "")
			return bot.Identity{Account: a.PhoneNumberID, Username: digits, Name: strings.TrimSpace(number.Name)}, nil
		}
	}
	return bot.Identity{}, invalidAccount("/whatsapp/business_account_id", "The WhatsApp Business Account does not have this phone number. Copy both ids from one page, WhatsApp > API Setup.", nil)
}

// patience is what callers are asked for where Meta names no time.
const patience = 5 * time.Second

func registrationError(e *callError, field string) error {
	v := e.verdict()
	switch {
	case e.kind == refused && v.class == otpcore.ClassAuth:
		return invalidToken(e)
	case e.kind == refused && v.class != otpcore.ClassProviderDown && v.class != otpcore.ClassThrottled:
		return invalidAccount(field, "Meta knows no such object for this token, or the app secret is another app's. Copy ids, token and secret from one app again.", e)
	}
	return unreachable(e, "Meta could not be asked about this account. Nothing was stored; repeat the request.")
}

// unreachable asks to repeat what Meta could not be asked for.
func unreachable(e *callError, detail string) error {
	return &otpcore.Error{
		Kind: otpcore.KindUnavailable, Code: "whatsapp_unreachable", RetryAfter: cmp.Or(e.retryAfter, patience), Err: e, Detail: detail,
	}
}

func invalidToken(e *callError) *otpcore.Error {
	out := &otpcore.Error{
		Kind: otpcore.KindInvalid, Code: "bot_token_invalid", Field: "/token",
		Detail: "Meta does not accept this token. Make one for a system user with the permissions whatsapp_business_messaging and whatsapp_business_management.",
	}
	if e != nil {
		out.Err = e
	}
	return out
}

func invalidAccount(field, detail string, e *callError) *otpcore.Error {
	out := &otpcore.Error{Kind: otpcore.KindInvalid, Code: "bot_account_invalid", Field: field, Detail: detail}
	if e != nil {
		out.Err = e
	}
	return out
}
