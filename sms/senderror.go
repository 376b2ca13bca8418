package sms

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"

	"otpravka/otpcore"
)

// outcome is what a class means to people and to the next provider. A provider
// that cannot take the message leaves it to another one; one that judged the
// message or the number leaves nothing to try, and asking around would only
// spend money on the same answer.
type outcome struct {
	sentence  string
	elsewhere bool
}

// outcomes lists the classes that a declaration may give.
var outcomes = map[otpcore.ErrorClass]outcome{
	otpcore.ClassProviderDown:     {"The SMS provider is failing or cannot be reached.", true},
	otpcore.ClassThrottled:        {"The SMS provider asks us to send more slowly.", true},
	otpcore.ClassNoFunds:          {"The balance at the SMS provider is used up.", true},
	otpcore.ClassAuth:             {"The SMS provider refused our credentials.", true},
	otpcore.ClassNoRoute:          {"The SMS provider has no route to this number.", true},
	otpcore.ClassBadNumber:        {"The SMS provider knows no such number.", false},
	otpcore.ClassLandline:         {"The number is a landline, which takes no SMS.", false},
	otpcore.ClassBlocked:          {"The recipient does not accept SMS from this sender.", false},
	otpcore.ClassUnreachable:      {"The phone is switched off or out of reach.", false},
	otpcore.ClassDuplicate:        {"The SMS provider has seen this message before.", false},
	otpcore.ClassContentRejected:  {"The SMS provider refused the text.", false},
	otpcore.ClassSenderNotAllowed: {"The SMS provider refused the sender name.", false},
	otpcore.ClassTemplateMissing:  {"The SMS provider has not approved this text.", false},
	otpcore.ClassUnknown:          {"The SMS provider refused the message for a reason that is not mapped.", false},
}

func classNames() string {
	names := make([]string, 0, len(outcomes))
	for _, class := range slices.Sorted(maps.Keys(outcomes)) {
		names = append(names, string(class))
	}
	return strings.Join(names, ", ")
}

func refusal(provider string, class otpcore.ErrorClass, cause error) *otpcore.SendError {
	return &otpcore.SendError{Class: class, Provider: provider, Message: outcomes[class].sentence, Err: cause}
}

// ambiguous says that the message may be on its way.
func ambiguous(provider string, cause error) *otpcore.SendError {
	return &otpcore.SendError{
		Class: otpcore.ClassAmbiguous, Provider: provider, Err: cause,
		Message: "The SMS provider's answer was lost; the message may have been sent.",
	}
}

var (
	errHTTP = errors.New("connection broke or spoke no HTTP")
	errTLS  = errors.New("TLS handshake was refused")
)

// redact reduces a transport's error to what is safe to log. The original
// holds the URL, which may hold credentials, and net/http quotes what it could
// not parse, which may be an echo of our own text.
func redact(err error) error {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("host lookup: %w", &net.DNSError{Err: dns.Err, Name: dns.Name, IsTimeout: dns.IsTimeout, IsNotFound: dns.IsNotFound})
	}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return cert
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return errTLS
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op
	}
	return errHTTP
}
