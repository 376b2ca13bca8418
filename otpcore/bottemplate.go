package otpcore

import "time"

// BotTemplate is a text of ours that a chat network has to approve before it may be
// sent, in one locale.
type BotTemplate struct {
	Name      string
	Locale    string
	Category  string // the network's, by which it takes its price: authentication, utility
	Status    BotTemplateStatus
	Reason    string    // the network's word for why it refused; empty: none
	CheckedAt time.Time // when the network last told; zero: not yet
}

// BotTemplateStatus is what the chat network has decided on a text.
type BotTemplateStatus string

// The statuses of a text.
const (
	TextMissing  BotTemplateStatus = "missing" // the network has not taken it, or does not know it
	TextPending  BotTemplateStatus = "pending" // under review
	TextApproved BotTemplateStatus = "approved"
	TextRejected BotTemplateStatus = "rejected"
	TextPaused   BotTemplateStatus = "paused" // for a while, because people complained
	TextDisabled BotTemplateStatus = "disabled"
)

// BotTemplateStatuses lists every status.
var BotTemplateStatuses = []BotTemplateStatus{TextMissing, TextPending, TextApproved, TextRejected, TextPaused, TextDisabled}
