// Package telegramsim is a Telegram for tests and demos: the Bot API over real
// HTTP on one side, people with phones on the other.
//
//	tg := telegramsim.New(telegramsim.Options{})
//	defer tg.Close()
//	base, err := tg.Listen()                    // http://127.0.0.1:41234
//	bot := tg.AddBot("110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0", "shop_bot", "Shop")
//	anna := tg.NewUser(telegramsim.UserOptions{Phone: "77011234567", FirstName: "Anna"})
//
//	anna.Start(bot, "deep-link-payload")        // the bot gets "/start deep-link-payload"
//	                                            // or anna.OpenLink("https://t.me/shop_bot?start=...")
//	m, err := anna.WaitMessage(ctx, bot, telegramsim.HasText("Share my number"))
//	err = anna.ShareContact(bot)                // legal only while the button is shown
//	m, err = anna.WaitMessage(ctx, bot, telegramsim.HasCode())
//	fmt.Println(m.Code())                       // the text that a tap copies
//	press, err := anna.Press(m, "Not me")       // the bot gets a callback_query
//	answer, err := press.Answer(ctx)            // and answers it
//
// Point a client at base + "/bot%s/%s" (format of go-telegram-bot-api) or at
// base + "/bot<token>/<method>".
//
// Inside a testing/synctest bubble, listen on a loopback.Memory and use its
// Client; long polls, limits, delays and webhook pauses then run in fake time.
// Faults are added with [Server.Fail], for example "done, but the answer is lost":
//
//	tg.Fail(fault.Rule{Method: "sendMessage", Target: "shop_bot", Drop: fault.DropAfter})
//
// # What is simulated
//
// Methods: getMe, getUpdates, setWebhook, deleteWebhook, getWebhookInfo,
// sendMessage, editMessageText, editMessageReplyMarkup, deleteMessage,
// deleteMessages, answerCallbackQuery, sendChatAction, logOut, close, and
// setMyCommands, setMyDescription, setMyShortDescription and the three get
// methods beside them, for the default scope; deleteMyCommands, setMyName and
// setChatMenuButton are accepted and recorded only. Any other method answers 404 "Not Found: method not found". Method names are read in
// any case, parameters from the query, a form, multipart or JSON, as Telegram does.
//
// Errors carry Telegram's own texts, which follow the sources of Telegram's Bot
// API server (github.com/tdlib/telegram-bot-api) and the behaviour of
// api.telegram.org. Updates look as Bot API 10 sends them; a forwarded message
// carries forward_origin and also the older forward_from and forward_date, as
// the hosted server does, unless [Options].OnlyForwardOrigin is set.
//
// # Where it differs from Telegram
//
//   - A waiting getUpdates that a newer one replaces fails at once; Telegram
//     delays repeated conflicts by 3 s.
//   - Private chats know only text and contacts; parse_mode knows only HTML.
//   - Entities are those the sender gave; only a leading bot command is detected.
//   - A webhook may be plain HTTP on any port unless [Options].StrictWebhooks is set.
//   - A webhook's answer with a "method" is carried out, as Telegram does it:
//     all but deleteWebhook, setWebhook, close, logOut and the get methods.
//   - Updates never expire, and 410 answers do not remove a webhook.
package telegramsim
