package cli_test

import (
	"context"
	"encoding/json"

	"otpravka/internal/sim/whatsappcloudsim"
)

var cloudAccount = whatsappcloudsim.Account{
	Token: "EAAGm0PX4ZCpsBAKZC-a-token-of-the-simulated-Meta", AppSecret: "0123456789abcdef0123456789abcdef",
	PhoneNumberID: "106540352242922", AccountID: "102290129340398", Display: "+7 777 000 00 01", Name: "Book House",
}

// setCloud starts a simulated Cloud API.
func (r *reader) setCloud() {
	r.Helper()
	r.graph = whatsappcloudsim.New(whatsappcloudsim.Options{Reports: []string{"sent", "delivered"}})
	r.Cleanup(r.graph.Close)
	base, err := r.graph.Listen()
	if err != nil {
		r.Fatal(err)
	}
	r.kept = append(r.kept, "OTPRAVKA_WHATSAPP_CLOUD_API="+base)
}

func init() {
	acts["the business has a number at the WhatsApp Cloud API"] = func(r *reader, _ context.Context) {
		r.graph.AddAccount(cloudAccount)
		r.vars["META_TOKEN"], r.vars["APP_SECRET"] = cloudAccount.Token, cloudAccount.AppSecret
		r.vars["PHONE_NUMBER_ID"], r.vars["BUSINESS_ACCOUNT_ID"] = cloudAccount.PhoneNumberID, cloudAccount.AccountID
	}
	acts["the owner enters the address at Meta"] = func(r *reader, ctx context.Context) {
		var shown struct {
			URL  string `json:"callback_url"`
			Word string `json:"verify_token"`
		}
		r.ok(json.Unmarshal(r.said, &shown))
		r.ok(r.graph.Enter(ctx, cloudAccount.PhoneNumberID, shown.URL, shown.Word))
	}
	acts["the code arrives through the WhatsApp Cloud API"] = func(r *reader, ctx context.Context) {
		m, err := r.graph.WaitFor(ctx, userPhone, func(m whatsappcloudsim.Message) bool { return m.Code != "" })
		r.ok(err)
		r.got("cloud", m.Code, "")
	}
}
