package bot

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"otpravka/otpcore"
)

// Factory makes connectors of one kind.
type Factory interface {
	// Identify asks the chat network whose credential this is. It refuses a
	// credential of the wrong form before anything is sent. A bot whose input
	// another service reads is a conflict, bot_in_use, unless takeover cuts
	// that service off. Errors never hold the credential.
	Identify(ctx context.Context, credential string, takeover bool) (Identity, error)

	// Connect returns the connector of a registered bot. It does not block and
	// asks nobody.
	Connect(b otpcore.Bot, credential string, home Home) Connector
}

// Identity is a bot as its chat network knows it.
type Identity struct {
	Account  string // the network's id of the bot; empty: it names none, and a business has one bot of the kind
	Username string // how people address it, without "@"; empty: nobody can
	Name     string
}

// Connector is a bot's long-running link to its chat network. Messages may be
// sent through it whether or not it runs.
type Connector interface {
	otpcore.Sender

	// Run hears what people write and hands it to the home until ctx ends. It
	// returns a *Fall when trying again cannot help, nil when ctx ended, and
	// any other error for trouble that may pass: the caller runs it again
	// after a pause. At most one Run is active at a time.
	Run(ctx context.Context) error
}

// Numbered is a connector that reaches bare numbers beside its chats, by means of
// their own. It answers from memory.
type Numbered interface {
	// ByPhone tells what can be done so, or in one sentence why nothing can at
	// present.
	ByPhone() (otpcore.Capabilities, string)
}

// Called is a connector whose chat network has to be told our address by hand.
type Called interface {
	Posted

	// Callback returns the address, and the word by which the network's first call
	// there proves that the owner has told it.
	Callback() (url, verifyToken string)
	// Greets reports whether the word that came with such a call is the right one.
	Greets(verifyToken string) bool
}

// Posted is a connector whose chat network may post what people write to an
// address of ours, in place of being asked for it.
type Posted interface {
	Connector

	// CallbackKey is the secret part of the connector's address; empty: it asks
	// for its updates itself.
	CallbackKey() string
	// Receive handles one post and returns once its effect is durable. A post
	// that does not prove where it comes from is unauthorized. After an error of
	// kind unavailable the network must post it again.
	Receive(ctx context.Context, header http.Header, body []byte) error
	// Leave takes the address off the network, for a bot that was removed. It is
	// best effort: what is posted there later finds nobody.
	Leave(ctx context.Context)
}

// Paired is a connector that has to be linked to a phone by hand.
type Paired interface {
	Connector

	// Pair begins that, and returns once there is something to show.
	Pair(ctx context.Context, r otpcore.PairRequest) (otpcore.Pairing, error)
	// Pairing returns what there is to show now, and a channel that closes when
	// that changes.
	Pairing() (otpcore.Pairing, <-chan struct{})
}

// Reviewed is a connector whose chat network approves some of its texts before they
// may be sent.
type Reviewed interface {
	Connector

	// Templates tells what is known of them, from memory.
	Templates() []otpcore.BotTemplate
	// SyncTemplates asks the network about them, and hands in once more what it has
	// refused.
	SyncTemplates(ctx context.Context) ([]otpcore.BotTemplate, error)
}

// Forgetful is a connector that keeps something of its own, which has to go with
// its bot.
type Forgetful interface {
	Connector

	// Forget deletes it. Run has ended before, and is not called again.
	Forget(ctx context.Context) error
}

// Remembering is a connector that keeps something about people beside the ledger.
type Remembering interface {
	Connector

	// ForgetPhone deletes what tells of the phone. It may be called again.
	ForgetPhone(ctx context.Context, phone otpcore.Phone) error
}

// Home is where a connector hands in what it hears and how it is doing. All of
// its methods are safe for concurrent use.
type Home interface {
	// Apply handles one update and returns once its effect is durable. After
	// an error nothing was stored: the update must come again.
	Apply(ctx context.Context, in Inbound) error
	// Offset returns where reading goes on; zero for a new bot.
	Offset(ctx context.Context) (int64, error)
	// Connected tells that the network answers. Call it from Run, as often as
	// it is true.
	Connected(ctx context.Context)
	// Stands tells of a state that is neither trouble nor all that the owner wants,
	// with a sentence that says what is missing. Call it from Run, in place of
	// Connected.
	Stands(ctx context.Context, state otpcore.BotState, text string)
	// Known tells whose account the network says this is, where nothing but the
	// running connector finds out. An empty username: nobody can write to it.
	Known(ctx context.Context, is Identity)
	// Fell stops the connector for good. It never blocks, so that senders may
	// call it.
	Fell(*Fall)
}

// Trouble is trouble that may pass, of which the connector knows more than that.
type Trouble struct {
	Wait time.Duration // the network's wish; zero: none
	Text string        // one sentence for the bot's owner; empty: the fleet's own
	Err  error         // cause for the log, without the credential
}

// Error returns the cause.
func (t *Trouble) Error() string { return fmt.Sprintf("trouble: %v", t.Err) }

// Unwrap returns the cause.
func (t *Trouble) Unwrap() error { return t.Err }

// Moment writes a time for the sentence of a state, whose readers may be anywhere.
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// Fall is trouble that trying again does not mend. The bot stops in State, and
// Text tells its owner what to do, in one sentence.
type Fall struct {
	State otpcore.BotState
	Text  string
	Err   error // cause for the log, without the credential
}

// Error returns the state and the cause.
func (f *Fall) Error() string {
	if f.Err != nil {
		return fmt.Sprintf("%s: %v", f.State, f.Err)
	}
	return string(f.State)
}

// Unwrap returns the cause.
func (f *Fall) Unwrap() error { return f.Err }
