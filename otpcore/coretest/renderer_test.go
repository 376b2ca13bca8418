package coretest

import (
	"strings"
	"testing"

	"otpravka/otpcore"
)

func TestRendererMarksTheCode(t *testing.T) {
	r := NewRenderer()
	in := otpcore.CodeText{
		Template: "payment", Brand: "Shop", Code: otpcore.NewCode("493021"), Verification: "vrf_1",
		Context: map[string]otpcore.Param{
			"amount": {Money: &otpcore.Money{Amount: "4990.00", Currency: "KZT"}}, "payee": {Text: "Asel"},
		},
		Capabilities: otpcore.Capabilities{CanButton: true},
	}
	m, err := r.Code(in)
	if err != nil {
		t.Fatal(err)
	}
	if code := CodeIn(otpcore.Outgoing{Message: m}); code != "493021" {
		t.Errorf("code in %q is %q", m.Text, code)
	}
	if !strings.Contains(m.Text, "4990.00 KZT") || m.Buttons[0][0].Action.ID != "vrf_1" {
		t.Errorf("message is %+v", m)
	}
	in.Wanted = otpcore.WantUsed
	if m, _ = r.Code(in); strings.Contains(m.Text, "493021") || len(m.Mono) != 0 {
		t.Errorf("the text after the end is %q", m.Text)
	}
	in.Template = "nothing"
	if _, err = r.Code(in); err == nil {
		t.Error("an unknown template is rendered")
	}
}

func TestPhonesAgreeOnSpellings(t *testing.T) {
	for raw, want := range map[string]string{
		"+7 701 123-45-67": "KZ", "8 (701) 123-45-67": "KZ", "7011234567": "KZ", "+79161234567": "RU", "+998901234567": "UZ",
	} {
		p, err := NewPhones().ParsePhone(raw, "KZ")
		if err != nil || p.Region() != want {
			t.Errorf("%s: %v in %s, %v, want %s", raw, p, p.Region(), err, want)
		}
	}
	for raw, want := range map[string]string{"123": "phone_needs_plus", "+12": "phone_invalid", "+7abc1234567": "phone_invalid", "+8801234567": "region_not_allowed"} {
		if _, err := NewPhones().ParsePhone(raw, ""); otpcore.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", raw, err, want)
		}
	}
}
