package cli_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/receiversim"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramgatewaysim"
	"otpravka/internal/sim/telegramsim"
	"otpravka/internal/sim/whatsappcloudsim"
)

// scene is what stands around the server of a reader: Telegram with the bot of
// the reader's token, an SMS provider, and a user with the phone of the
// documents.
type scene struct {
	telegram *telegramsim.Server
	sms      *smssim.Server
	gateway  *telegramgatewaysim.Server
	bot      *telegramsim.Bot
	user     *telegramsim.User
	whatsApp whatsAppScene
	graph    *whatsappcloudsim.Server
	shop     *receiversim.Server
	read     map[string]string // the last message with a code, by where it was read
	codes    map[string]bool   // that were read
}

const (
	userPhone = "+77015550123"
	botToken  = "7000000001:a-token-of-the-simulated-telegram"

	gatewayToken = "AAEVFAAAa-token-of-the-simulated-gateway-WPPi0"
)

// noFunds tells what the provider says when nobody has paid.
const noFunds = `    errors:
      - {path: "$.error", match: "(?i)balance", class: no_funds}
`

// setScene starts the simulators, and tells the commands of the reader where
// they are.
func (r *reader) setScene() {
	r.Helper()
	s := &scene{
		telegram: telegramsim.New(telegramsim.Options{}), sms: smssim.New(smssim.Options{}),
		gateway: telegramgatewaysim.New(telegramgatewaysim.Options{Reports: []string{telegramgatewaysim.Delivered}}),
		read:    make(map[string]string), codes: make(map[string]bool),
	}
	r.Cleanup(s.telegram.Close)
	r.Cleanup(s.sms.Close)
	r.Cleanup(s.gateway.Close)
	telegramURL, err := s.telegram.Listen()
	if err != nil {
		r.Fatal(err)
	}
	smsURL, err := s.sms.Listen()
	if err != nil {
		r.Fatal(err)
	}
	gatewayURL, err := s.gateway.Listen()
	if err != nil {
		r.Fatal(err)
	}
	config := filepath.Join(r.dir, "providers.yaml")
	allow := "webhooks: {allow: [\"localhost:" + r.apps[0] + "\"]}\n"
	if err := os.WriteFile(config, []byte(allow+"sms_providers:\n"+smssim.Declaration(smsURL)+noFunds), 0o600); err != nil {
		r.Fatal(err)
	}
	s.bot = s.telegram.AddBot(botToken, "shop_bot", "Shop")
	s.user = s.telegram.NewUser(telegramsim.UserOptions{Phone: userPhone, FirstName: "Anna", LanguageCode: "en"})
	r.vars["BOT_TOKEN"] = botToken
	r.kept = append(r.kept, "OTPRAVKA_CONFIG="+config, "OTPRAVKA_TELEGRAM_API="+telegramURL, "OTPRAVKA_TELEGRAM_GATEWAY_API="+gatewayURL)
	r.scene = s
	r.setCloud()
	r.setWhatsApp()
}

// acts are what others do in the course of a document.
var acts = map[string]func(*reader, context.Context){
	"the business has a bot": func(r *reader, ctx context.Context) {
		r.run(`curl -s http://localhost:8080/v1/bots -H "Authorization: Bearer $LIVE_KEY" -H 'Content-Type: application/json' -d '{"kind": "telegram", "token": "'$BOT_TOKEN'"}'`)
		r.ok(r.bot.WaitPolling(ctx))
	},
	"the bot connects": func(r *reader, ctx context.Context) { r.ok(r.bot.WaitPolling(ctx)) },
	"the user opens the link and shares the number": func(r *reader, ctx context.Context) {
		link := chatLink.Find(r.said)
		if link == nil {
			r.Fatalf("%s: no link in %s", r.document, r.said)
		}
		_, err := r.user.OpenLink(string(link))
		r.ok(err)
		r.share(ctx)
	},
	"the user opens the bot and shares the number": func(r *reader, ctx context.Context) {
		r.user.Start(r.bot, "")
		r.share(ctx)
	},
	"the user has proven the phone by SMS": func(r *reader, ctx context.Context) {
		r.run(`curl -s http://localhost:8080/v1/verifications -H "Authorization: Bearer $LIVE_KEY" -H 'Content-Type: application/json' -d '{"phone": "` + userPhone + `", "channels": ["sms"]}'`)
		r.codeBySMS(ctx)
		r.run(`curl -s http://localhost:8080/v1/verifications/$ID/check -H "Authorization: Bearer $LIVE_KEY" -H 'Content-Type: application/json' -d '{"code": "'$CODE'"}'`)
	},
	"the code arrives in the chat": func(r *reader, ctx context.Context) {
		m, err := r.user.WaitMessage(ctx, r.bot, func(m telegramsim.Message) bool { return m.Code() != "" && !r.codes[m.Code()] })
		r.ok(err)
		r.got("chat", m.Code(), withButtons(m))
	},
	"the order arrives in the chat": func(r *reader, ctx context.Context) {
		_, err := r.user.WaitMessage(ctx, r.bot, telegramsim.HasText("Shop: order A-1042 is placed"))
		r.ok(err)
	},
	"the business has an account at the Telegram Gateway": func(r *reader, _ context.Context) {
		r.gateway.AddAccount(gatewayToken, 5)
		r.vars["GATEWAY_TOKEN"] = gatewayToken
	},
	"the code arrives through the Telegram Gateway": func(r *reader, ctx context.Context) {
		m, err := r.gateway.WaitFor(ctx, userPhone, func(m telegramgatewaysim.Message) bool { return m.Told == telegramgatewaysim.Delivered })
		r.ok(err)
		r.got("gateway", m.Code, "")
	},
	"the code arrives by SMS": (*reader).codeBySMS,
	"the shop's app listens": func(r *reader, _ context.Context) {
		ln, err := net.Listen("tcp", "localhost:"+r.apps[0])
		r.ok(err)
		r.shop = receiversim.New(receiversim.Options{Listener: ln})
		r.Cleanup(r.shop.Close)
		_, err = r.shop.Listen()
		r.ok(err)
	},
	"the shop's app knows the secret": func(r *reader, _ context.Context) { r.shop.Trust(r.vars["SECRET"]) },
	"the user blocks the bot":         func(r *reader, _ context.Context) { r.user.Block(r.bot) },
	"the SMS provider is out of money": func(r *reader, _ context.Context) {
		r.sms.Fail(fault.Rule{Times: fault.Always, Body: `{"status":"rejected","error":"balance is too low"}`, ContentType: "application/json"})
	},
}

var chatLink = regexp.MustCompile(`https://t\.me/[a-z_]+\?start=[\w-]+`)

// act lets somebody else do what the document tells of.
func (r *reader) act(what string) {
	r.Helper()
	do := acts[what]
	if do == nil {
		r.Fatalf("%s: nobody knows how to act %q", r.document, what)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	do(r, ctx)
}

func (r *reader) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", r.document, err)
	}
}

// share presses the button that the bot shows.
func (r *reader) share(ctx context.Context) {
	r.Helper()
	_, err := r.user.WaitMessage(ctx, r.bot, telegramsim.HasText("Share my number"))
	r.ok(err)
	r.ok(r.user.ShareContact(r.bot))
	_, err = r.user.WaitMessage(ctx, r.bot, telegramsim.HasText("arrive in this chat from now on"))
	r.ok(err)
}

func (r *reader) codeBySMS(ctx context.Context) {
	r.Helper()
	m, err := r.sms.WaitSMS(ctx, userPhone, func(m smssim.SMS) bool { return m.Code() != "" && !r.codes[m.Code()] })
	r.ok(err)
	r.got("sms", m.Code(), m.Text)
}

// got keeps a message and its code.
func (r *reader) got(where, code, text string) {
	r.codes[code], r.vars["CODE"], r.read[where] = true, code, text
}

// withButtons is the message as documents draw it.
func withButtons(m telegramsim.Message) string {
	lines := []string{m.Text}
	for _, row := range m.Buttons {
		var labels []string
		for _, b := range row {
			labels = append(labels, "["+b.Text+"]")
		}
		lines = append(lines, strings.Join(labels, " "))
	}
	return strings.Join(lines, "\n")
}
