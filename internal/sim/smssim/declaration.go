package smssim

import "strings"

// Declaration is the entry under sms_providers that tells Otpravka of a server
// with default options at the base URL, as any other provider is declared.
func Declaration(base string) string { return strings.ReplaceAll(declaration, "BASE", base) }

const declaration = `  - id: simulated
    number_format: e164
    request:
      method: POST
      url: "BASE/send"
      body:
        type: json
        fields: {to: "{{to}}", text: "{{text}}", ref: "{{msg_id}}", callback: "{{dlr_url}}"}
    success:
      http: [200-299]
      all: [{path: "$.status", in: [accepted]}]
    message_id: "$.id"
    price: {amount: "12.00", currency: KZT}
    dlr:
      accept: [POST]
      parse: json
      id: "$.id"
      reference: "$.ref"
      status: "$.status"
      map: {sent: [sent], delivered: [delivered], failed: [failed]}
      verify: {type: url_secret}
      reply: {status: 200}
`
