package telegramsim_test

import (
	"errors"
	"testing"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/telegramsim"
)

// library returns the world's bot as go-telegram-bot-api sees it.
func library(w *world) *tgbotapi.BotAPI {
	api := &tgbotapi.BotAPI{Token: token, Client: w.client}
	api.SetAPIEndpoint(w.base + "/bot%s/%s")
	return api
}

func TestLibraryUnderstandsTheServer(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	api := library(w)
	me, err := api.GetMe()
	if err != nil || me.ID != w.bot.ID() || !me.IsBot || me.UserName != "shop_bot" {
		t.Errorf("getMe: %+v, %v", me, err)
	}
	w.anna.Start(w.bot, "tok")
	config := tgbotapi.NewUpdate(0)
	config.Timeout = 50
	updates, err := api.GetUpdates(config)
	if err != nil || len(updates) != 1 || updates[0].Message.CommandArguments() != "tok" || !updates[0].Message.Chat.IsPrivate() {
		t.Fatalf("getUpdates: %+v, %v", updates, err)
	}

	ask := tgbotapi.NewMessage(w.anna.ID(), "number?")
	ask.ReplyMarkup = tgbotapi.NewOneTimeReplyKeyboard(tgbotapi.NewKeyboardButtonRow(tgbotapi.NewKeyboardButtonContact("Share")))
	if _, err := api.Send(ask); err != nil {
		t.Fatal(err)
	}
	if err := w.anna.ShareContact(w.bot); err != nil {
		t.Fatal(err)
	}
	config.Offset = updates[0].UpdateID + 1
	updates, err = api.GetUpdates(config)
	if err != nil || len(updates) != 1 || updates[0].Message.Contact.UserID != w.anna.ID() || updates[0].Message.Contact.PhoneNumber != "77011234567" {
		t.Fatalf("contact: %+v, %v", updates, err)
	}

	params := tgbotapi.Params{"text": "Code: 1234", "protect_content": "true"}
	params.AddNonZero64("chat_id", w.anna.ID())
	if err := params.AddInterface("entities", []tgbotapi.MessageEntity{{Type: "code", Offset: 6, Length: 4}}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.MakeRequest("sendMessage", params); err != nil {
		t.Fatal(err)
	}
	m, err := w.anna.WaitMessage(soon(t), w.bot, telegramsim.HasCode())
	if err != nil || m.Code() != "1234" {
		t.Errorf("message %+v, %v", m, err)
	}
	edited, err := api.Send(tgbotapi.NewEditMessageText(w.anna.ID(), int(m.ID), "Code used"))
	if err != nil || edited.EditDate == 0 || edited.Text != "Code used" {
		t.Errorf("edit: %+v, %v", edited, err)
	}

	w.anna.Block(w.bot)
	config.Offset = updates[0].UpdateID + 1
	updates, err = api.GetUpdates(config)
	if err != nil || len(updates) != 1 || updates[0].MyChatMember.NewChatMember.Status != "kicked" {
		t.Errorf("block: %+v, %v", updates, err)
	}
}

func TestLibraryUnderstandsErrors(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	api := library(w)
	_, err := api.Send(tgbotapi.NewMessage(w.anna.ID(), "x"))
	var failure *tgbotapi.Error
	if !errors.As(err, &failure) || failure.Code != 403 || failure.Message != "Forbidden: bot can't initiate conversation with a user" {
		t.Errorf("send: %v", err)
	}
	w.tg.Fail(fault.Rule{Status: 429, RetryAfter: 7e9})
	_, err = api.Send(tgbotapi.NewMessage(w.anna.ID(), "x"))
	if !errors.As(err, &failure) || failure.Code != 429 || failure.RetryAfter != 7 {
		t.Errorf("429: %v", err)
	}
	group := w.tg.NewGroup("Staff", w.bot)
	super := group.Migrate()
	_, err = api.Send(tgbotapi.NewMessage(group.ID(), "x"))
	if !errors.As(err, &failure) || failure.MigrateToChatID != super.ID() {
		t.Errorf("migrated: %v", err)
	}
	w.bot.Delete()
	_, err = api.GetMe()
	if !errors.As(err, &failure) || failure.Code != 401 {
		t.Errorf("deleted bot: %v", err)
	}
}

func TestLibraryWebhookCalls(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	api := library(w)
	hook, err := tgbotapi.NewWebhook("http://127.0.0.1:1/x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.Request(hook); err != nil {
		t.Fatal(err)
	}
	info, err := api.GetWebhookInfo()
	if err != nil || info.URL != "http://127.0.0.1:1/x" || info.MaxConnections != 40 {
		t.Errorf("info %+v, %v", info, err)
	}
	if _, err := api.Request(tgbotapi.NewSetMyCommands(tgbotapi.BotCommand{Command: "stop", Description: "x"})); err != nil {
		t.Error(err)
	}
	if calls := w.tg.Calls("setMyCommands"); len(calls) != 1 || calls[0].Params["commands"] == "" || calls[0].Target != "shop_bot" {
		t.Errorf("calls %+v", calls)
	}
	if list, err := api.GetMyCommands(); err != nil || len(list) != 1 || list[0].Command != "stop" {
		t.Errorf("commands %+v, %v", list, err)
	}
	if list, err := api.GetMyCommandsWithConfig(tgbotapi.NewGetMyCommandsWithScopeAndLanguage(tgbotapi.NewBotCommandScopeDefault(), "kk")); err != nil || len(list) != 0 {
		t.Errorf("commands in another language %+v, %v", list, err)
	}
	for _, method := range []string{"MyDescription", "MyShortDescription"} {
		field := map[string]string{"MyDescription": "description", "MyShortDescription": "short_description"}[method]
		if _, err := api.MakeRequest("set"+method, tgbotapi.Params{field: "Codes", "language_code": "kk"}); err != nil {
			t.Error(err)
		}
		got, err := api.MakeRequest("get"+method, tgbotapi.Params{"language_code": "kk"})
		if err != nil || string(got.Result) != `{"`+field+`":"Codes"}` {
			t.Errorf("%s %s, %v", method, got.Result, err)
		}
	}
	if _, err := api.MakeRequest("setMyCommands", tgbotapi.Params{"commands": "stop"}); err == nil {
		t.Error("commands that are no list were taken")
	}
}
