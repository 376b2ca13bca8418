package events_test

import (
	"encoding/json"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/webhook/events"
)

func TestPayload(t *testing.T) {
	at := time.Date(2026, 11, 22, 15, 0, 12, 345e6, time.FixedZone("", 5*3600))
	for want, told := range map[string]otpcore.ToldEvent{
		`{"id":"evt_1","type":"delivery.sent","created_at":"2026-11-22T10:00:12.345Z","mode":"live","data":{"channel":"sms","delivery_id":"dlv_1","phone":"+7701•••4567","verification_id":"vrf_1"}}`: {
			Event: otpcore.Event{
				ID: "evt_1", BusinessID: "biz_1", Mode: otpcore.Live, Type: otpcore.EventDeliverySent, VerificationID: "vrf_1", DeliveryID: "dlv_1", At: at,
				Data: map[string]string{"channel": "sms", "phone": "+77011234567", "verification_id": "vrf_2"},
			},
			Phone: otpcore.NewPhone("+77011234567", "KZ"),
		},
		`{"id":"evt_2","type":"bot.state_changed","created_at":"2026-11-22T10:00:12.345Z","mode":"live","data":{}}`: {
			Event: otpcore.Event{ID: "evt_2", Mode: otpcore.Live, Type: otpcore.EventBotStateChanged, At: at},
		},
	} {
		got, err := json.Marshal(events.New(told))
		if err != nil || string(got) != want {
			t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
		}
	}
}
