//go:build !nowhatsmeow

package whatsappdevice

import (
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/types/events"

	"otpravka/bot"
)

// The sentences of the states that need somebody.
const (
	unlinkedText = "No phone is linked yet: pair one with POST /v1/bots/{id}/pairing."
	passkeyText  = "WhatsApp asks this account for a passkey before it links a device, and only WhatsApp's own programs can answer; link another number with POST /v1/bots/{id}/pairing, or use the WhatsApp Business Cloud API."
	replacedText = "The device is in use elsewhere: another program runs with its keys. Stop that one, then register the bot again."
	silentText   = "WhatsApp does not answer at present; Otpravka waits a little and then connects anew, nothing needs to be done."
	outdatedText = "WhatsApp no longer accepts the version of WhatsApp Web that this build of Otpravka speaks; update Otpravka, then restart it."
)

// logoutText says why the device is no longer linked.
func logoutText(reason events.ConnectFailureReason) string {
	switch reason {
	case events.ConnectFailureMainDeviceGone:
		return "WhatsApp has locked the account or it moved to another phone; open WhatsApp on the phone, then pair it again."
	case events.ConnectFailureUnknownLogout:
		return "WhatsApp has banned the account; see in WhatsApp on the phone whether it can be appealed, or pair another number."
	}
	return "The device was unlinked on the phone, or the phone was offline for two weeks; pair it again."
}

// bans are the reasons that WhatsApp gives for a ban of a while.
var bans = map[events.TempBanReason]string{
	events.TempBanSentToTooManyPeople:    "too many messages to people who do not know the number",
	events.TempBanBlockedByUsers:         "too many people blocked the number",
	events.TempBanCreatedTooManyGroups:   "too many groups",
	events.TempBanSentTooManySameMessage: "the same message too often",
	events.TempBanBroadcastList:          "too many messages to a broadcast list",
}

func banText(code events.TempBanReason, until time.Time) string {
	why, known := bans[code]
	if !known {
		why = fmt.Sprintf("reason %d", int(code))
	}
	return fmt.Sprintf("WhatsApp has banned the account until %s (%s); codes go over other channels, and the device comes back by itself.", bot.Moment(until), why)
}

func reachOutText(until time.Time) string {
	return fmt.Sprintf("WhatsApp lets the number write only to people who have written to it first (error 463); others are left to other channels until %s.", bot.Moment(until))
}

func silentPhoneText(since time.Time) string {
	return fmt.Sprintf("Nothing was heard of the phone since %s: WhatsApp unlinks its devices when it stays offline for two weeks. Open WhatsApp on it.", bot.Moment(since))
}
