package templates

import "otpravka/otpcore"

// codeSpec is a template of messages with a code.
type codeSpec struct {
	otpcore.TemplateSpec
	segments int // that its SMS may take
}

// codeSpecs lists every template. Texts of each may use, beside their params
// and context, {{code}} and {{brand}}.
var codeSpecs = []codeSpec{
	{otpcore.TemplateSpec{Key: "login", Proof: otpcore.ProofContact}, 1},
	{otpcore.TemplateSpec{Key: "registration", Proof: otpcore.ProofContact}, 1},
	// A payment's amount and payee come from the context only: the code is bound
	// to what the person reads.
	{otpcore.TemplateSpec{
		Key: "payment", Proof: otpcore.ProofSMS,
		Context: []otpcore.ParamSpec{
			{Name: "amount", Type: "money", Required: true},
			{Name: "payee", Type: "name", Required: true},
		},
	}, 2},
	{otpcore.TemplateSpec{
		Key: "order_confirm", Proof: otpcore.ProofContact,
		Params: []otpcore.ParamSpec{
			{Name: "order", Type: "order_number", Required: true},
			{Name: "total", Type: "money"},
		},
	}, 1},
	{otpcore.TemplateSpec{
		Key: "document_access", Proof: otpcore.ProofSMS,
		Params: []otpcore.ParamSpec{{Name: "document", Type: "text"}},
	}, 1},
}

// names lists what the texts of the template may use, and separately what they
// may rely on.
func (s *codeSpec) names() (all, required []string) {
	all, required = []string{"code", "brand"}, []string{"code", "brand"}
	for _, params := range [][]otpcore.ParamSpec{s.Params, s.Context} {
		for _, p := range params {
			all = append(all, p.Name)
			if p.Required {
				required = append(required, p.Name)
			}
		}
	}
	return all, required
}

// replySpec is a bot's answer in the linking conversation.
type replySpec struct {
	args    []string // values of its text and of its buttons
	buttons []replyButton
	share   bool // shows the keyboard that shares the person's number
	remove  bool // takes that keyboard away

	back      bool // has the button that leads to the address of the arg "url"
	languages bool // has a button for each language
}

// replyButton is a row of one button. It acts on the verification that the arg
// "verification" names.
type replyButton struct {
	label string // key under buttons in replies.yaml
	verb  otpcore.ActionVerb
}

// replySpecs lists every answer. All args are texts ready to be shown: phones
// masked, times and numbers written in the reader's way.
var replySpecs = map[string]replySpec{
	// The person pressed Start.
	"greeting":     {args: []string{"business", "phone"}, share: true},
	"greeting_any": {args: []string{"business"}, share: true},

	// The start link opens nothing.
	"token_expired": {},
	"token_used":    {},
	"token_unknown": {},

	// The person answered the question for the number.
	"linked":                 {args: []string{"business", "phone"}, remove: true},
	"renewed":                {args: []string{"business", "phone"}, remove: true},
	"number_changed":         {args: []string{"business", "phone", "former"}, remove: true},
	"way_back":               {args: []string{"business"}, back: true},
	"wrong_phone":            {args: []string{"business", "shared", "expected"}, share: true},
	"not_own_contact":        {share: true},
	"type_number_not_enough": {share: true},
	"not_started":            {},
	// WhatsApp did not say from which number the person writes.
	"number_unknown": {},
	// Put into the person's mouth by an address of WhatsApp: it is the first
	// message of the chat, and "token" says what it is about.
	"opener": {args: []string{"business", "token"}},

	// The person pressed a button under a message.
	"reported": {
		args:    []string{"hours"}, // how long a pause would last
		buttons: []replyButton{{"pause", otpcore.ActPause}, {"keep", otpcore.ActNoStop}},
	},
	"reported_plain":  {}, // where a chat shows no buttons
	"already_over":    {}, // also for a message that is not this chat's: it learns nothing
	"paused":          {args: []string{"until"}, buttons: []replyButton{{"resume", otpcore.ActResume}}},
	"resumed":         {},
	"not_paused_kept": {},

	// The person wrote something else, or sent a command.
	"support":        {args: []string{"business", "text"}},
	"support_none":   {args: []string{"business"}},
	"stopped":        {remove: true},
	"stopped_plain":  {args: []string{"business"}}, // where /start opens nothing
	"nothing_linked": {},
	"muted":          {args: []string{"business"}},
	"unmuted":        {args: []string{"business"}},
	"help":           {args: []string{"business"}},
	"privacy":        {args: []string{"business"}},

	// A shared bot asks which business is meant; the buttons are added by who asks.
	"which":       {},
	"about_which": {},
	"stop_which":  {},
	// Told to a chat whose phone was linked elsewhere for another business.
	"moved_away": {args: []string{"business", "phone"}},

	"language":        {languages: true},
	"language_chosen": {},

	// Sent behind a code whose link will soon be too old.
	"renew": {args: []string{"business", "phone"}, share: true},
	// Told to the owner of a business when one of its bots needs somebody. They
	// may go out by SMS.
	"bot_bad_credentials":   {args: []string{"bot"}},
	"bot_conflict":          {args: []string{"bot"}},
	"bot_in_use":            {args: []string{"bot"}},
	"bot_restricted":        {args: []string{"bot"}},
	"bot_templates_refused": {args: []string{"bot"}},
	"bot_limited":           {args: []string{"bot"}},
	"bot_logged_out":        {args: []string{"bot"}},
	"bot_replaced":          {args: []string{"bot"}},
	"bot_outdated":          {args: []string{"bot"}},
	"bot_phone_silent":      {args: []string{"bot"}},

	// Told to the owner of a business when one of its endpoints gets no more
	// events. They may go out by SMS.
	"webhook_gone":    {args: []string{"business", "host"}},
	"webhook_failing": {args: []string{"business", "host"}},

	// Told to the old chat when another chat has linked the phone.
	"replaced": {args: []string{"business", "phone"}, remove: true},
}

const (
	// verificationArg is the arg of answers with buttons that holds the id the
	// buttons act on.
	verificationArg = "verification"
	// urlArg is the arg that holds the address of the way back.
	urlArg = "url"
	// supportArg is the only value that may have several lines: the business
	// writes it.
	supportArg = "text"
)
