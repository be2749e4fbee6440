// Package flow holds the use cases: the only place where a step of the work is written
// as a sentence. Each act checks the right (authz), asks the rule (workflow, document,
// register), touches the outside (blobs, keys) before or after but never inside a
// transaction, and decides in one transaction that holds state, journal and jobs.
package flow

import (
	"context"
	"time"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/journal"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/workflow"
	"congvan/signing"
)

// Store is the one truth. Read sees a consistent snapshot; Write decides: fn's changes
// are committed together or not at all, and fn may run again after a serialization
// failure, so it must have no other effect. Neither may be held over the network, the
// token or the blobs.
type Store interface {
	Read(ctx context.Context, fn func(ReadTx) error) error
	Write(ctx context.Context, fn func(Tx) error) error
}

// ReadTx finds aggregates. What is not there is fault.NotFound.
type ReadTx interface {
	Agency(id string) (org.Agency, error)
	AgencyByOrganID(organID string) (org.Agency, error) // any of its codes, case-insensitive
	Unit(id string) (org.Unit, error)
	Position(id string) (org.Position, error)
	Positions(agencyID string, role org.Role) ([]org.Position, error) // valid now, by title and name
	Person(id string) (org.Person, error)
	Authority(positionID string) (org.Authority, error)    // the one the position signs under
	Credential(owner Owner, id string) (Credential, error) // the one enrolled and not ended
	Calendar() (calendar.Calendar, error)

	Outgoing(id string) (document.Outgoing, error) // with files and approvals
	OutgoingByDocumentID(documentID string) (document.Outgoing, error)
	Incoming(id string) (document.Incoming, error) // with files
	// IncomingOf finds what an agency received from a sender under an edXML DocumentId,
	// newest first.
	IncomingOf(agencyID, fromOrganID, documentID string) ([]document.Incoming, error)
	// IncomingLike finds documents of the same issuer with the same number and notation
	// (RULE-11), newest first.
	IncomingLike(agencyID, fromOrganID, codeNumber, codeNotation string) ([]document.Incoming, error)
	// IncomingNamed finds what an agency received under an identifier, whoever sent it,
	// newest first.
	IncomingNamed(agencyID, documentID string) ([]document.Incoming, error)
	Assignments(incomingID string) ([]document.Assignment, error)
	Assignment(id string) (document.Assignment, error)

	Delivery(id string) (document.Delivery, error)
	Deliveries(outgoingID string) ([]document.Delivery, error)
	DeliveryGroup(groupID string) ([]document.Delivery, error)
	// FailedDeliveries are those that an agency gave up, oldest first, at most limit; with an
	// outgoing document's id only those of it.
	FailedDeliveries(agencyID, outgoingID string, limit int) ([]document.Delivery, error)
	DeliveryTo(documentID, recipientOrganID string) (document.Delivery, error)
	Notice(id string) (document.Notice, error)
	Parcel(id string) (document.Parcel, error)
	Change(id string) (document.Change, error)
	ChangesOf(outgoingID string) ([]document.Change, error) // asked for of an outgoing document, oldest first
	ChangesOn(incomingID string) ([]document.Change, error) // asked for of a received one
	ChangesBy(carrierID string) ([]document.Change, error)  // that a document of either kind brings
	Quarantined(id string) (Quarantined, error)
	// HeldFor gives the messages set aside for a reason until a document of this identifier
	// comes, oldest first.
	HeldFor(agencyID, documentID, reason string) ([]Quarantined, error)

	// VersionOf finds a version of a file by its bytes.
	VersionOf(fileID, blob string) (document.Version, error)
	// Waiting tells how many documents wait for the level of their signatures.
	Waiting() (Waiting, error)

	Report(blob string) (*signing.Report, error)      // newest report on these bytes
	Evidence(blob string) (string, error)             // blob of what it stood on
	LastEntry(kind, id string) (journal.Entry, error) // newest act on an object
	Upload(id string) (Upload, error)
}

// Tx adds what a transaction may change. Put inserts when Row is 0 and otherwise
// replaces the row the caller read; a row that changed since is fault.Conflict
// "row_changed". Every Put raises Row in place.
type Tx interface {
	ReadTx

	PutOutgoing(d *document.Outgoing) error // files, versions and approvals with it; versions are only ever added
	PutIncoming(d *document.Incoming) error
	PutAssignment(a *document.Assignment) error
	PutDelivery(d *document.Delivery) error // events are only ever added
	// PutNotice inserts or updates; a second notice of one document, code and change is a
	// no-op that leaves n.ID as that of the first.
	PutNotice(n *document.Notice) error
	PutParcel(p *document.Parcel) error
	// PutReport adds, never overwrites; evidence is the blob of what the verdict stood on.
	PutReport(blob string, r *signing.Report, evidence string) error
	PutIntent(i *Intent) error
	PutUpload(u Upload) error
	// PutQuarantine adds a message set aside; one of the same ID stays as it is, and added
	// is false.
	PutQuarantine(q Quarantined) (added bool, err error)
	// Settle writes what was done with a message set aside: its state, the document that
	// came of it, who and when.
	Settle(q *Quarantined) error
	PutChange(c *document.Change) error

	// Book reads the state of a series and locks it until the transaction ends; a series
	// without a book yet gives its empty one. PutBook keeps it: numbers return only with a
	// rollback, so that a series has no gaps.
	Book(s register.Series) (register.Book, error)
	PutBook(b register.Book) error

	// Journal appends an entry: sequence number, previous hash and hash are the store's to
	// set. It is the last lock a transaction takes.
	Journal(e journal.Entry) error
	// Enqueue adds a job that exists if and only if the transaction commits.
	Enqueue(j Job) error
	// FinishJob completes, in this transaction, the job that ctx runs for; nothing without one.
	FinishJob() error
}

// Owner of a credential.
type Owner string

const (
	OwnerPerson Owner = "PERSON"
	OwnerAgency Owner = "AGENCY"
)

// Credential is an enrolled certificate with the way to its key and its picture. The key
// is found from person or agency, never from a request (S7).
type Credential struct {
	ID          string
	Owner       Owner
	OwnerID     string
	KeyURI      string  // RFC 7512
	ChainPEM    []byte  // leaf first
	Fingerprint string  // SHA-256 of the leaf, hex
	Image       []byte  // PNG: handwritten signature or seal
	SealMM      float64 // diameter of the seal, mm; 0 for persons
	Demo        bool    // issued by the demonstration authority
}

// JobKind names the work of a job.
type JobKind string

const (
	JobDeliver  JobKind = "deliver"  // a delivery
	JobDispatch JobKind = "dispatch" // the deliveries of a group, in one message
	JobValidate JobKind = "validate" // an incoming document
	JobNotify   JobKind = "notify"   // a status notice
	JobVerify   JobKind = "verify"   // the signatures of an outgoing document, for its page
	JobLevel    JobKind = "level"    // the level of an outgoing document's signatures
	JobChange   JobKind = "change"   // a recall or an update, to one recipient
)

// Job tells the world after the transaction has decided. ID is the aggregate's.
type Job struct {
	Kind  JobKind
	ID    string
	RunAt time.Time // zero: at once

	Urgency document.Urgency // what is urgent is worked off first
}

// Waiting is the state of all documents whose signatures have not reached their level.
type Waiting struct {
	Documents int
	Oldest    time.Time // waits since; zero: none
	Missing   time.Time // a service has been missing since, timestamps or revocation; zero: none is
	Outage    time.Time // no timestamp server has answered since; zero: one does
}

// Intent is written before the token is asked to sign, and completed after.
type Intent struct {
	ID         string
	Row        int64
	DocumentID string
	FileID     string
	Purpose    Purpose
	PositionID string
	PersonName string
	BaseBlob   string // the version signed
	Digest     string // what the key signs for, hex
	KeyURI     string
	At         time.Time
	Outcome    string // empty, SIGNED or FAILED
	Code       string // of the failure
	ResultBlob string
	DoneAt     *time.Time
}

// Purpose of a signature.
type Purpose string

const (
	PurposeCompetent Purpose = "COMPETENT"
	PurposeAgency    Purpose = "AGENCY"
	PurposeAppendix  Purpose = "APPENDIX"
)

// Upload is a stored file that no document holds yet; it belongs to who sent it.
type Upload struct {
	ID         string
	AccountID  string
	PositionID string
	Name       string
	MediaType  string
	Blob       string
	Size       int64
	HashState  []byte
	Pages      int
	At         time.Time
}

// Quarantined is a message set aside (cách ly): readable by nobody when Secret, else waiting
// for the clerk's act.
type Quarantined struct {
	ID         string // follows from recipient, sender, message and reason: set aside twice, kept once
	Row        int64
	AgencyID   string // of the recipient; empty if it is none of the directory
	State      workflow.State
	Channel    document.Channel
	From       document.Party
	Recipient  string // OrganID that it came for
	DocumentID string // its own identifier; of one that waits for its target, the target's
	AxisDocID  string
	RawKey     string
	// Consignment is the message as it was read, files and all; nil if it could not be read.
	Consignment *document.Consignment
	Reason      string // catalogue code
	Secret      bool
	At          time.Time

	IncomingID string // the document that came of it
	Note       string // of who settled it
	SettledBy  string // person
	SettledAt  *time.Time
}

// Rereader reads a message again that could not be read when it came, and hands it over as
// if it had just come. fault.Invalid with the reason if it still cannot be read.
type Rereader interface {
	Reread(ctx context.Context, p document.Parcel) error
}

// Courier carries consignments and statuses over the axis. A network fault is
// fault.Unavailable, a refusal of the axis fault.Invalid.
type Courier interface {
	// Send hands a consignment over, in one message as far as it goes, and tells for each of
	// its recipients in their order what came of it. again says that this was begun before
	// and that nobody knows with what outcome: what the axis has already is not sent a second
	// time.
	Send(ctx context.Context, c document.Consignment, again bool) []document.Handover
	// Find tells which recipients of a consignment the axis has taken it for, and sends
	// nothing; known is false where the axis does not say.
	Find(ctx context.Context, c document.Consignment) (out []document.Handover, known bool, err error)
	// SendStatus reports a status; a repeated one is the same to any recipient.
	SendStatus(ctx context.Context, m document.StatusMessage) error
}

// Trust checks a signer's certificate before the token is asked (NĐ 68/2024 Đ.29):
// validity, path and revocation now. fault.Invalid with a reason when it must not sign.
type Trust interface {
	CheckSigner(ctx context.Context, c Credential) error
}

// Actor is who acts: the same facts the right is decided on.
type Actor = authz.Subject
