package document

import (
	"time"

	"congvan/internal/calendar"
	"congvan/internal/conservation"
	"congvan/internal/workflow"
)

// Delivery is the way of one outgoing document to one recipient (phát hành). It has the
// same states and evidence inside an installation and over the axis (RULE-26).
type Delivery struct {
	ID         string         `json:"id"`
	Row        int64          `json:"row"`
	OutgoingID string         `json:"outgoing_id"`
	AgencyID   string         `json:"agency_id"` // of the sender
	Recipient  Party          `json:"recipient"`
	Channel    Channel        `json:"channel"`
	State      workflow.State `json:"state"`
	DocumentID string         `json:"document_id"` // edXML DocumentId of the document
	AxisDocID  string         `json:"axis_doc_id"` // given by the axis when it took the message
	Attempts   int            `json:"attempts"`
	GroupID    string         `json:"-"`          // deliveries that go in one message; empty: alone
	LastError  string         `json:"last_error"` // catalogue code of the newest failed attempt
	// LastErrorWith are the values that its sentence names, the axis's own words among them.
	LastErrorWith map[string]string `json:"last_error_with"`

	QueuedAt  time.Time     `json:"queued_at"`
	UpdatedAt time.Time     `json:"updated_at"`
	Events    []StatusEvent `json:"events"`
}

// StatusEvent is a step of a delivery: a status that the recipient reported, or a step of
// the transport. Events are appended, never changed; (Code, At) is unique per delivery.
type StatusEvent struct {
	State       workflow.State `json:"state"`       // empty for an unknown code
	Code        string         `json:"code"`        // wire code 01–06 …; empty for transport steps
	Description string         `json:"description"` // free text of the reporter
	By          string         `json:"by"`          // agency or person reporting
	At          time.Time      `json:"at"`          // by the reporter's clock
	RecordedAt  time.Time      `json:"recorded_at"`
}

// Handover is what the axis made of a consignment for one of its recipients.
type Handover struct {
	AxisDocID string    // given by the axis when it took the message; empty if it did not
	Err       error     // why it did not
	RestUntil time.Time // with Err: the recipient is left alone until then, and no attempt was made
	// Others: with Err, another recipient of the message may be the cause.
	Others bool
}

// Staff names the person answerable for a message (edXML StaffInfo).
type Staff struct {
	Department string `json:"department"`
	Name       string `json:"name"`
}

// Consignment is one document as it travels to its recipients: what an edXML document
// message carries. It names its files by their blobs.
type Consignment struct {
	From         Party           `json:"from"`
	InCharge     string          `json:"in_charge"` // name of the sender's superior body
	To           []Party         `json:"to"`
	DocumentID   string          `json:"document_id"`
	CodeNumber   string          `json:"code_number"`
	CodeNotation string          `json:"code_notation"`
	Place        string          `json:"place"`
	IssuedDate   calendar.Date   `json:"issued_date"`
	TypeName     string          `json:"type_name"`
	TypeDetail   int             `json:"type_detail"`
	Subject      string          `json:"subject"`
	Urgency      Urgency         `json:"urgency"`
	SecrecyMark  string          `json:"secrecy_mark,omitempty"` // as found in a foreign message; ours never carry one
	SignerName   string          `json:"signer_name"`
	SignerTitle  string          `json:"signer_title"`
	Competence   string          `json:"competence"`
	DueDate      calendar.Date   `json:"due_date"`
	PageAmount   int             `json:"page_amount"`
	Copies       int             `json:"copies"`
	ToPlaces     []string        `json:"to_places"`
	ResponseFor  []Reference     `json:"response_for"`
	Staff        Staff           `json:"staff"`
	SentAt       time.Time       `json:"sent_at"`
	Files        []ConsignedFile `json:"files"`
	Hash         string          `json:"hash,omitempty"` // ContentHash of the message it came in; empty for our own
	Aim          *Aim            `json:"aim,omitempty"`  // what it changes; nil for a new document
}

// ConsignedFile is a file of a consignment: its bytes are in the storage.
type ConsignedFile struct {
	Role      Role   `json:"role"`
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Blob      string `json:"blob"` // SHA-256, hex
	Size      int64  `json:"size"`
}

// Parcel is a message on its way in, before anything in it is believed: a row of the axis's
// received list with what became of it here, or a message of this installation, which has
// no ID and leaves no row.
type Parcel struct {
	ID        string               // follows from AxisDocID; empty inside the installation
	Row       int64                // revision; 0 before it is kept
	AxisDocID string               // of this recipient's copy, given by the axis
	Kind      string               // as the axis lists it: "edoc" or "status"
	From      string               // OrganID of the sender that the axis authenticated
	To        string               // OrganID of the recipient
	AgencyID  string               // of the recipient; empty if it is none of ours
	At        time.Time            // when the axis took it
	RawKey    string               // blob of the bytes as they came; empty if they could not be had
	Strikes   int                  // rounds in which it was at fault
	LastError string               // catalogue code of the newest fault
	Outcome   conservation.Outcome // empty while it is in work
	FetchedAt time.Time            // when its row was taken over from the list
	DecidedAt *time.Time
}

// Via is the channel that a parcel came by.
func (p Parcel) Via() Channel {
	if p.AxisDocID == "" {
		return Internal
	}
	return Axis
}

// StatusMessage reports a status of a received document to its sender: what an edXML
// status message carries.
type StatusMessage struct {
	From             Party               `json:"from"` // who reports: the recipient of the document
	To               string              `json:"to"`   // OrganID of the document's sender
	DocumentID       string              `json:"document_id"`
	Code             string              `json:"code"` // number/notation of the document
	PromulgationDate calendar.Date       `json:"promulgation_date"`
	Status           workflow.StatusCode `json:"status"`
	Description      string              `json:"description"`
	Staff            Staff               `json:"staff"`
	At               time.Time           `json:"at"`
}

// Notice is a status message in the outbox of the agency that received a document; one
// per document, code and change answered.
type Notice struct {
	ID         string        `json:"id"`
	Row        int64         `json:"row"`
	IncomingID string        `json:"incoming_id"`
	About      string        `json:"about"` // id of the change that it answers, if any
	Channel    Channel       `json:"channel"`
	Message    StatusMessage `json:"message"`
	Attempts   int           `json:"attempts"`
	LastError  string        `json:"last_error"`
	SentAt     *time.Time    `json:"sent_at"`
}
