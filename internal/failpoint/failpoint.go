// Package failpoint names the moments at which a crash would hurt most: around
// each commit, and around each call to the outside. A build with the tag
// failpoints kills itself there on demand; in any other build a point is
// nothing at all, not even a call.
//
// The crash tests name one point and which of its hits to die at, see Hit in a
// build with the tag.
package failpoint

import "slices"

// Point is one moment.
type Point string

// The moments of the storage's writer, in the order of a transaction.
const (
	BeforeBegin   Point = "storage/before-begin"
	AfterReads    Point = "storage/after-reads"    // what a batch looks at is read, nothing is decided
	AfterDecide   Point = "storage/after-decide"   // everything is decided, nothing is written
	ColdDecided   Point = "storage/cold-decided"   // the same of what is not hot, and of that all is written
	BeforeCommit  Point = "storage/before-commit"  // everything is written, nothing is durable
	AfterCommit   Point = "storage/after-commit"   // everything is durable, and nobody knows
	BeforeAnswers Point = "storage/before-answers" // the dispatcher knows, the callers do not
	AfterAnswers  Point = "storage/after-answers"
)

// Other moments of the storage.
const (
	BeforeVoid Point = "storage/before-void" // a start of the process, before it frees what the last one leased
	DueRead    Point = "storage/due-read"    // what must be woken is read, and not woken
	PurgeStep  Point = "storage/purge-step"  // between two deletions
)

// The moments of a message on its way out. Between the writing and the record
// nobody can tell whether a provider has it.
const (
	BeforeDispatch Point = "app/before-dispatch" // leased and committed, not in the dispatcher's hands
	BeforeSend     Point = "app/before-send"     // rendered, no provider was called
	SMSBeforeWrite Point = "sms/before-write"
	SMSBeforeRead  Point = "sms/before-read" // the provider has the message, its answer is not read
	SMSAfterRead   Point = "sms/after-read"  // the answer is read and not recorded
	TGBeforeWrite  Point = "telegram/before-write"
	TGBeforeRead   Point = "telegram/before-read"
	TGAfterRead    Point = "telegram/after-read"
	TGEdited       Point = "telegram/edited" // a message was changed, which is not recorded
)

// The moments of an event on its way to a business's endpoint.
const (
	EventBeforePost Point = "events/before-post" // nobody has it
	EventPosted     Point = "events/posted"      // the receiver has answered, which is not recorded
)

// The moments of what comes in.
const (
	UpdateReceived  Point = "telegram/update-received"
	UpdateStored    Point = "telegram/update-stored" // with all its effects; Telegram does not know
	ReceiptReceived Point = "callbacks/received"
	ReceiptStored   Point = "callbacks/stored" // the provider has no answer
	Started         Point = "api/started"      // stored, and the client has no answer; so are the next ones
	Checked         Point = "api/checked"
	Resent          Point = "api/resent"
	Canceled        Point = "api/canceled"
	BusinessCreated Point = "admin/business-created"
)

// The moments of an orderly stop.
const (
	StopPart    Point = "app/stop-part"    // one long-running part was stopped
	BeforeDrain Point = "app/before-drain" // all parts were; calls to providers may be under way
	BeforeClose Point = "app/before-close" // nothing is under way, the database is open
)

// Points lists every point.
func Points() []Point {
	return slices.Concat(
		[]Point{BeforeBegin, AfterReads, AfterDecide, ColdDecided, BeforeCommit, AfterCommit, BeforeAnswers, AfterAnswers},
		[]Point{BeforeVoid, DueRead, PurgeStep},
		[]Point{BeforeDispatch, BeforeSend, SMSBeforeWrite, SMSBeforeRead, SMSAfterRead, TGBeforeWrite, TGBeforeRead, TGAfterRead, TGEdited},
		[]Point{EventBeforePost, EventPosted},
		[]Point{UpdateReceived, UpdateStored, ReceiptReceived, ReceiptStored, Started, Checked, Resent, Canceled, BusinessCreated},
		[]Point{StopPart, BeforeDrain, BeforeClose},
	)
}
