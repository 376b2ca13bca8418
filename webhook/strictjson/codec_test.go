package strictjson_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"otpravka/webhook/api"
	"otpravka/webhook/problem"
	"otpravka/webhook/strictjson"
)

func newCodec(t testing.TB) *strictjson.Codec {
	t.Helper()
	var contract map[string]any
	if err := yaml.Unmarshal(api.Contract, &contract); err != nil {
		t.Fatal(err)
	}
	c, err := strictjson.New(contract)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refusal decodes and returns the problem that must come of it.
func refusal(t testing.TB, c *strictjson.Codec, body string, into any) *problem.Problem {
	t.Helper()
	err := c.Decode([]byte(body), into)
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok {
		t.Fatalf("Decode(%.60q) = %v, want a problem", body, err)
	}
	return p
}

func TestDecodeRefusesWhatIsNoObject(t *testing.T) {
	c := newCodec(t)
	for name, tt := range map[string]struct{ body, code string }{
		"empty":              {"", "empty_body"},
		"blank":              {" \r\n\t", "empty_body"},
		"null":               {"null", "not_an_object"},
		"array":              {"[]", "not_an_object"},
		"string":             {`"x"`, "not_an_object"},
		"number":             {"1", "not_an_object"},
		"true":               {"true", "not_an_object"},
		"NaN":                {"NaN", "malformed_json"},
		"single quotes":      {"{'phone':'1'}", "malformed_json"},
		"comment":            {`{"phone":"1"/**/}`, "malformed_json"},
		"trailing comma":     {`{"phone":"1",}`, "malformed_json"},
		"cut off":            {`{"phone":"1"`, "malformed_json"},
		"byte order mark":    {"\ufeff{}", "malformed_json"},
		"leading zero":       {`{"phone":"1","ttl":030}`, "malformed_json"},
		"two objects":        {`{"phone":"+77015550123"} {"phone":"+77015550124"}`, "trailing_data"},
		"trailing text":      {`{"phone":"+77015550123"}x`, "trailing_data"},
		"trailing NUL":       {"{\"phone\":\"+77015550123\"}\x00", "trailing_data"},
		"duplicate":          {`{"phone":"a","phone":"b"}`, "duplicate_key"},
		"duplicate, escaped": {`{"phone":"a","\u0070hone":"b"}`, "duplicate_key"},
		"duplicate, nested":  {`{"phone":"a","metadata":{"k":"1","k":"2"}}`, "duplicate_key"},
		"unknown":            {`{"phone":"a","cod":1}`, "unknown_field"},
		"other case":         {`{"Phone":"a"}`, "unknown_field"},
		"unknown, nested":    {`{"phone":"a","params":{"sum":{"amount":"1.00","currency":"KZT","x":1}}}`, "invalid_value"},
		"bad UTF-8":          {"{\"phone\":\"\xff\"}", "invalid_utf8"},
		"UTF-16":             {"{\x00}\x00", "malformed_json"},
		"lone surrogate":     {`{"phone":"\ud800"}`, "malformed_json"},
		"depth 9":            {strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9), "too_deep"},
		"20,000 brackets":    {strings.Repeat("[", 20_000), "too_deep"},
		"20,000 in a field":  {`{"phone":` + strings.Repeat("[", 20_000), "too_deep"},
	} {
		t.Run(name, func(t *testing.T) {
			var req api.StartVerificationRequest
			if p := refusal(t, c, tt.body, &req); p.Code != tt.code {
				t.Errorf("code %s, want %s", p.Code, tt.code)
			}
		})
	}
}

func TestDecodeRefusesValues(t *testing.T) {
	c := newCodec(t)
	long := strings.Repeat("x", 501)
	many := make([]string, 17)
	for i := range many {
		many[i] = `"k` + string(rune('a'+i)) + `":"v"`
	}
	for name, tt := range map[string]struct{ fields, code, pointer string }{
		"phone missing":         {`"ttl":60`, "missing_field", "/phone"},
		"phone null":            {`"phone":null`, "null_value", "/phone"},
		"phone array":           {`"phone":["+77015550123"]`, "wrong_type", "/phone"},
		"phone number":          {`"phone":77015550123`, "wrong_type", "/phone"},
		"phone with NUL":        {`"phone":"+77015550123\u0000"`, "control_character", "/phone"},
		"name with NUL":         {`"phone":"p","metadata":{"a\u0000":"v"}`, "control_character", "/metadata"},
		"optional null":         {`"phone":"p","locale":null`, "null_value", "/locale"},
		"locale path":           {`"phone":"p","locale":"../../etc"`, "invalid_value", "/locale"},
		"locale long":           {`"phone":"p","locale":"` + long + `"`, "invalid_value", "/locale"},
		"channels empty":        {`"phone":"p","channels":[]`, "invalid_value", "/channels"},
		"channels twice":        {`"phone":"p","channels":["sms","sms"]`, "invalid_value", "/channels"},
		"channels unknown":      {`"phone":"p","channels":["fax"]`, "invalid_value", "/channels/0"},
		"channels scalar":       {`"phone":"p","channels":"sms"`, "wrong_type", "/channels"},
		"channels 100":          {`"phone":"p","channels":["sms"` + strings.Repeat(`,"sms"`, 99) + `]`, "invalid_value", "/channels"},
		"ttl 0":                 {`"phone":"p","ttl":0`, "invalid_value", "/ttl"},
		"ttl 29":                {`"phone":"p","ttl":29`, "invalid_value", "/ttl"},
		"ttl 601":               {`"phone":"p","ttl":601`, "invalid_value", "/ttl"},
		"ttl 60.5":              {`"phone":"p","ttl":60.5`, "wrong_type", "/ttl"},
		"ttl 60.0":              {`"phone":"p","ttl":60.0`, "invalid_value", "/ttl"},
		"ttl 1e309":             {`"phone":"p","ttl":1e309`, "invalid_value", "/ttl"},
		"ttl -1e309":            {`"phone":"p","ttl":-1e309`, "invalid_value", "/ttl"},
		"ttl 1e999999999":       {`"phone":"p","ttl":1e999999999`, "invalid_value", "/ttl"},
		"ttl text":              {`"phone":"p","ttl":"5m"`, "wrong_type", "/ttl"},
		"fallback -1":           {`"phone":"p","fallback_after":-1`, "invalid_value", "/fallback_after"},
		"fallback 301":          {`"phone":"p","fallback_after":301`, "invalid_value", "/fallback_after"},
		"param null":            {`"phone":"p","params":{"name":null}`, "invalid_value", "/params/name"},
		"param number":          {`"phone":"p","params":{"name":1}`, "invalid_value", "/params/name"},
		"metadata 17 names":     {`"phone":"p","metadata":{` + strings.Join(many, ",") + `}`, "invalid_value", "/metadata"},
		"metadata name of 41":   {`"phone":"p","metadata":{"` + strings.Repeat("k", 41) + `":"v"}`, "invalid_value", "/metadata"},
		"metadata value of 501": {`"phone":"p","metadata":{"k":"` + long + `"}`, "invalid_value", "/metadata/k"},
		"metadata nested":       {`"phone":"p","metadata":{"k":{"a":"b"}}`, "wrong_type", "/metadata/k"},
	} {
		t.Run(name, func(t *testing.T) {
			var req api.StartVerificationRequest
			p := refusal(t, c, "{"+tt.fields+"}", &req)
			if p.Code != tt.code || p.Status != 422 {
				t.Errorf("%d %s, want 422 %s", p.Status, p.Code, tt.code)
			}
			if len(p.Errors) == 0 || p.Errors[0].Pointer != tt.pointer {
				t.Errorf("errors %+v, want one at %s", p.Errors, tt.pointer)
			}
		})
	}
}

func TestCheckCodeOfAnyOtherTypeIsRefused(t *testing.T) {
	c := newCodec(t)
	for _, code := range []string{`["000000","000001"]`, `{}`, `{"$gt":""}`, `true`, `false`, `123456`, `null`} {
		var req api.CheckVerificationRequest
		if p := refusal(t, c, `{"code":`+code+`}`, &req); p.Status != 422 {
			t.Errorf("code %s: %d %s, want 422", code, p.Status, p.Code)
		}
	}
}

func TestDecodeNamesEveryFaultButNoValue(t *testing.T) {
	c := newCodec(t)
	var req api.StartVerificationRequest
	p := refusal(t, c, `{"phone":["+77015550123"],"ttl":1,"channels":["77015550199"],"+77015550123":1}`, &req)
	if p.Code != "unknown_field" || p.Status != 400 {
		t.Errorf("%d %s, want 400 unknown_field: what does not belong there weighs most", p.Status, p.Code)
	}
	if len(p.Errors) != 4 {
		t.Errorf("%d places, want 4: %+v", len(p.Errors), p.Errors)
	}
	for _, e := range p.Errors {
		if strings.Contains(e.Pointer+e.Detail, "7701555") {
			t.Errorf("%+v repeats a phone", e)
		}
	}
}

func TestDecodeFillsTheRequest(t *testing.T) {
	c := newCodec(t)
	var req api.StartVerificationRequest
	err := c.Decode([]byte(`{"phone":"+77015550123","ttl":60,"channels":["telegram","sms"],"metadata":{},
		"params":{"name":"Anna"},"context":{"amount":{"amount":"4990.00","currency":"KZT"}}}`), &req)
	if err != nil {
		t.Fatal(err)
	}
	if req.Phone != "+77015550123" || *req.TTL != 60 || len(*req.Channels) != 2 || req.Locale != nil {
		t.Errorf("request %+v", req)
	}
	if req.Params["name"].Text != "Anna" || (*req.Context)["amount"].Money.Amount != "4990.00" {
		t.Errorf("params %+v, context %+v", req.Params, *req.Context)
	}
}

func TestEmptyBodyIsToldFromWrongBody(t *testing.T) {
	c := newCodec(t)
	var req api.ResendVerificationRequest
	if err := c.Decode(nil, &req); !errors.Is(err, io.EOF) {
		t.Errorf("no body: %v, want io.EOF in the chain, which marks an optional body as absent", err)
	}
	if err := c.Decode([]byte(`{"channel":"sms"`), &req); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("cut off body: %v, want an error without io.EOF", err)
	}
}

func FuzzDecode(f *testing.F) {
	c := newCodec(f)
	for _, seed := range []string{`{"phone":"+77015550123"}`, `{"phone":null}`, `[[[`, `{"ttl":1e999}`, `{"params":{"a":{"amount":1}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var req api.StartVerificationRequest
		err := c.Decode(body, &req)
		if err == nil {
			return
		}
		if p, ok := errors.AsType[*problem.Problem](err); !ok || p.Status < 400 || p.Status > 422 {
			t.Errorf("Decode(%q) = %v, want a refusal of the caller", body, err)
		}
	})
}

// What is to be sent stands in words for people, never as a regular
// expression.
func TestAdviceIsASentence(t *testing.T) {
	c := newCodec(t)
	for fields, want := range map[string]string{
		`"phone":"p","country":"kz"`:                                        "Write the country as two capital letters, for example KZ.",
		`"phone":"p","code":"71283a"`:                                       "Use digits and capital letters from A to Z.",
		`"phone":"p","order_id":""`:                                         "Send at least one character.",
		`"phone":"p","code":"12345"`:                                        "Send at least 6 characters.",
		`"phone":"p","channels":[]`:                                         "Send at least one item.",
		`"phone":"p","context":{}`:                                          "Send at least one field.",
		`"phone":"p","params":{"Name":"x"}`:                                 "Use small letters, digits and _ in names, at most 32.",
		`"phone":"p","params":{"name":7}`:                                   `Send a text of 1 to 64 characters, or a positive amount such as {"amount": "4990.00", "currency": "KZT"}.`,
		`"phone":"p","context":{"amount":{"amount":"-5","currency":"KZT"}}`: `Send a text of 1 to 64 characters, or a positive amount such as {"amount": "4990.00", "currency": "KZT"}.`,
		`"phone":"p","metadata":{"":"v"}`:                                   "Use names of 1 to 40 characters.",
		`"phone":"p","when_unlinked":"later"`:                               "Use one of: sms_now, wait.",
		`"phone":"p","ttl":29`:                                              "Send 30 or more.",
		`"phone":"p","locale":"RU"`:                                         "Write a language tag, for example ru or en-GB.",
		`"phone":"p","template":"../login"`:                                 "Name the template in small letters, for example login.",
		`"phone":"p","metadata":{"a":"b"},"ttl":1e309`:                      "Send 600 or less.",
		`"phone":"p","channels":["sms","sms"]`:                              "Send each item once.",
		`"phone":"p","client_ip":"` + strings.Repeat("1", 46) + `"`:         "Send at most 45 characters.",
	} {
		var req api.StartVerificationRequest
		p := refusal(t, c, "{"+fields+"}", &req)
		if len(p.Errors) != 1 || p.Errors[0].Detail != want {
			t.Errorf("%s: %+v, want %q", fields, p.Errors, want)
		}
	}
}

func TestEmptyRequestsAreStrictToo(t *testing.T) {
	c := newCodec(t)
	for body, code := range map[string]string{`{"reason":"x"}`: "unknown_field", `[]`: "not_an_object", `{} {}`: "trailing_data", `{`: "malformed_json"} {
		if p := refusal(t, c, body, &api.CancelBody{}); p.Code != code {
			t.Errorf("%s: %s, want %s", body, p.Code, code)
		}
	}
	if err := c.Decode([]byte("{}"), &api.CancelBody{}); err != nil {
		t.Errorf("an empty object: %v", err)
	}
}
