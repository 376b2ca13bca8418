package strictjson_test

import (
	"strings"
	"testing"

	"otpravka/webhook/api"
)

func TestUnknownFieldsNameTheNearest(t *testing.T) {
	c := newCodec(t)
	for sent, meant := range map[string]string{
		"Phone": "phone", "phnoe": "phone", "phone_number": "phone", "phoneNumber": "phone",
		"chanels": "channels", "fallbackAfter": "fallback_after", "code-length": "code_length", "meta_data": "metadata",
		"x": "", "colour": "", "7701555": "", "+77015550123": "",
	} {
		var req api.StartVerificationRequest
		p := refusal(t, c, `{"phone":"+77015550123","`+sent+`":1}`, &req)
		want := "This field does not exist."
		if meant != "" {
			want += " Its name may be " + meant + "."
		}
		if len(p.Errors) != 1 || p.Errors[0].Detail != want {
			t.Errorf("%s: %+v, want %q", sent, p.Errors, want)
		}
	}
}

// TestNearestNeedsNoTime sends the longest body whose names are all unknown.
func TestNearestNeedsNoTime(t *testing.T) {
	c := newCodec(t)
	var req api.StartVerificationRequest
	p := refusal(t, c, `{"phone":"+77015550123","`+strings.Repeat("x", 60_000)+`":1}`, &req)
	if len(p.Errors) != 1 || strings.Contains(p.Errors[0].Detail, "may be") {
		t.Errorf("%+v", p.Errors)
	}
}
