package whatsappcloud

import "encoding/json"

// What Meta posts
// (https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components).
// Every field may be missing, and unknown ones are left alone.
type (
	post struct {
		Entry []struct {
			ID      string   `json:"id"` // of the WhatsApp Business Account
			Changes []change `json:"changes"`
		} `json:"entry"`
	}
	change struct {
		Field string          `json:"field"`
		Value json.RawMessage `json:"value"`
	}
	value struct {
		Metadata struct {
			PhoneNumberID string `json:"phone_number_id"`
		} `json:"metadata"`
		Contacts []contact  `json:"contacts"`
		Messages []incoming `json:"messages"`
		Statuses []status   `json:"statuses"`
	}
	contact struct {
		UserID string `json:"user_id"`
	}
	status struct {
		ID          string `json:"id"`
		Status      string `json:"status"`
		Timestamp   string `json:"timestamp"` // Unix seconds
		RecipientID string `json:"recipient_id"`
		Reference   string `json:"biz_opaque_callback_data"`
		Pricing     *struct {
			Billable bool   `json:"billable"`
			Category string `json:"category"`
		} `json:"pricing"`
		Errors []struct {
			Code *int `json:"code"` // 0 is one of Meta's
		} `json:"errors"`
	}
	incoming struct {
		ID        string `json:"id"`
		From      string `json:"from"`
		UserID    string `json:"from_user_id"` // of people whose number is not told
		Timestamp string `json:"timestamp"`
		Type      string `json:"type"`
		Text      struct {
			Body string `json:"body"`
		} `json:"text"`
		Button struct {
			Payload string `json:"payload"`
			Text    string `json:"text"`
		} `json:"button"`
		Interactive struct {
			ButtonReply struct {
				ID string `json:"id"`
			} `json:"button_reply"`
		} `json:"interactive"`
		System struct {
			Type string `json:"type"`
		} `json:"system"`
		Context struct {
			ID string `json:"id"`
		} `json:"context"`
	}
)
