package api

import (
	"slices"
	"testing"

	"otpravka/otpcore"
)

// enumAt returns the words that the contract allows at a place under
// components/schemas.
func enumAt(t testing.TB, schemas map[string]any, path ...string) []string {
	t.Helper()
	node := schemas
	for _, step := range path {
		next, ok := node[step].(map[string]any)
		if !ok {
			t.Fatalf("the contract has no %v", path)
		}
		node = next
	}
	var out []string
	for _, w := range node["enum"].([]any) {
		out = append(out, w.(string))
	}
	return out
}

func words[T ~string](values ...T) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

// The words of the contract and of the domain are one list, or a handler would
// answer what the contract does not know.
func TestWordsMatchTheDomain(t *testing.T) {
	schemas := parseContract(t)["components"].(map[string]any)["schemas"].(map[string]any)
	for _, tt := range []struct {
		path []string
		want []string
	}{
		{[]string{"Channel"}, words(otpcore.Channels...)},
		{[]string{"Scope"}, words(otpcore.Scopes...)},
		{[]string{"EventType"}, words(otpcore.EventTypes...)},
		{[]string{"VerificationStatus"}, words(otpcore.Pending, otpcore.Approved, otpcore.Canceled, otpcore.Expired, otpcore.Failed)},
		{[]string{"EndReason"}, words(
			otpcore.EndTooManyAttempts, otpcore.EndUndeliverable, otpcore.EndReported,
			otpcore.EndByBusiness, otpcore.EndContextMismatch, otpcore.EndExpired)},
		{[]string{"WhenUnlinked"}, words(otpcore.SMSNow, otpcore.Wait)},
		{[]string{"FallbackOn"}, words(otpcore.Unconfirmed, otpcore.Undelivered)},
		{[]string{"Mode"}, words(otpcore.Live, otpcore.Test)},
		{[]string{"Proof"}, words(otpcore.ProofContact, otpcore.ProofSMS)},
		{[]string{"BotKind"}, words(otpcore.BotTelegram, otpcore.BotTelegramGateway, otpcore.BotWhatsAppCloud, otpcore.BotWhatsAppDevice)},
		{[]string{"Bot", "properties", "state"}, words(
			otpcore.BotConnecting, otpcore.BotConnected, otpcore.BotReconnecting,
			otpcore.BotBadCredentials, otpcore.BotConflict, otpcore.BotInUse, otpcore.BotStopped,
			otpcore.BotRestricted, otpcore.BotUnapproved, otpcore.BotTextsRefused, otpcore.BotLimited,
			otpcore.BotPairing, otpcore.BotPasskeyNeeded, otpcore.BotLoggedOut, otpcore.BotBanned, otpcore.BotReplaced, otpcore.BotOutdated, otpcore.BotPhoneSilent, otpcore.BotReachOutLocked)},
		{[]string{"Pairing", "properties", "status"}, words(
			otpcore.PairingNone, otpcore.PairingStarting, otpcore.PairingWaiting, otpcore.PairingLinking, otpcore.PairingDone,
			otpcore.PairingExpired, otpcore.PairingPasskey, otpcore.PairingFailed)},
		{[]string{"BotTemplate", "properties", "status"}, words(otpcore.BotTemplateStatuses...)},
		{[]string{"Link", "properties", "status"}, words(
			otpcore.LinkPending, otpcore.LinkActive, otpcore.LinkInactive, otpcore.LinkRevoked, otpcore.LinkExpired)},
		{[]string{"Delivery", "properties", "status"}, words(
			otpcore.WaitingLink, otpcore.Queued, otpcore.Sending, otpcore.Unknown, otpcore.Sent,
			otpcore.Delivered, otpcore.Read, otpcore.FailedDlv, otpcore.Skipped)},
		{[]string{"Delivery", "properties", "cause"}, words(
			otpcore.CauseStart, otpcore.CauseUndeliverable, otpcore.CauseTimeout, otpcore.CauseNoLink,
			otpcore.CauseResend, otpcore.CauseLinked, otpcore.CauseEnd, otpcore.CauseNews)},
		{[]string{"TemplateValue", "properties", "type"}, otpcore.ParamTypes},
		{[]string{"OrderDelivery", "properties", "status"}, words(
			otpcore.OutcomeSending, otpcore.OutcomeQueued, otpcore.OutcomeHeld, otpcore.OutcomeNoLink,
			otpcore.OutcomeOutdated, otpcore.OutcomeUnchanged, otpcore.OutcomeSent, otpcore.OutcomeFailed)},
		{[]string{"WebhookStatus"}, words(otpcore.EndpointActive, otpcore.EndpointDisabled)},
		{[]string{"Webhook", "properties", "status_reason"}, words(otpcore.EndpointPaused, otpcore.EndpointGone, otpcore.EndpointFailing)},
		{[]string{"WebhookDelivery", "properties", "cause"}, words(otpcore.PostedEvent, otpcore.PostedReplay, otpcore.PostedTest)},
		{[]string{"WebhookDelivery", "properties", "status"}, words(otpcore.PostingWaiting, otpcore.PostingDelivered, otpcore.PostingFailed)},
		{[]string{"WebhookError", "properties", "kind"}, words(otpcore.PostFailures...)},
		{[]string{"DeliveryError", "properties", "kind"}, words(
			otpcore.ClassProviderDown, otpcore.ClassThrottled, otpcore.ClassNoFunds, otpcore.ClassAuth,
			otpcore.ClassNoRoute, otpcore.ClassBadNumber, otpcore.ClassLandline, otpcore.ClassBlocked,
			otpcore.ClassUnreachable, otpcore.ClassNotOnChannel, otpcore.ClassDuplicate, otpcore.ClassContentRejected,
			otpcore.ClassSenderNotAllowed, otpcore.ClassTemplateMissing, otpcore.ClassUnsupported,
			otpcore.ClassAmbiguous, otpcore.ClassUnknown)},
	} {
		if got := enumAt(t, schemas, tt.path...); !slices.Equal(got, tt.want) {
			t.Errorf("%v is %v, the domain has %v", tt.path, got, tt.want)
		}
	}
}

func TestPagesAreAsLongAsTheContractSays(t *testing.T) {
	components := parseContract(t)["components"].(map[string]any)
	limit := components["parameters"].(map[string]any)["Limit"].(map[string]any)["schema"].(map[string]any)
	if want := limit["default"]; want != pageLimit {
		t.Errorf("a page has %d items, the contract says %v", pageLimit, want)
	}
}

func TestEveryPostFailureHasASentence(t *testing.T) {
	for _, f := range otpcore.PostFailures {
		if postFailures[f] == "" {
			t.Errorf("%s has none", f)
		}
	}
}
