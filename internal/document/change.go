package document

import (
	"slices"
	"time"

	"congvan/internal/fault"
	"congvan/internal/workflow"
)

// ChangeKind is what a later message does to documents that its sender sent before (NĐ
// 30/2020 Đ.18.3–4; edXML BussinessDocType 1 to 3).
type ChangeKind string

const (
	Recall  ChangeKind = "RECALL"  // thu hồi văn bản đã phát hành
	Update  ChangeKind = "UPDATE"  // cập nhật thông tin hoặc nơi nhận
	Replace ChangeKind = "REPLACE" // thay thế bằng văn bản mới
)

// Effect is what an outgoing document does to earlier ones of its agency when it is issued:
// a notice of recall takes them back, a replacement stands in their place. The zero value
// has none.
type Effect struct {
	Kind    ChangeKind `json:"kind"`
	Targets []string   `json:"targets"` // ids of the earlier outgoing documents
	Reason  string     `json:"reason"`
}

// MaxTargets of one document.
const MaxTargets = 20

// Validate checks what the drafter gave.
func (e Effect) Validate() error {
	switch {
	case e.Kind == "" && len(e.Targets) == 0:
		return nil
	case e.Kind != Recall && e.Kind != Replace:
		return fault.New(fault.Invalid, "effect_unknown").Field("effect")
	case len(e.Targets) == 0:
		return fault.New(fault.Invalid, "field_required").Field("effect")
	case len(e.Targets) > MaxTargets:
		return fault.New(fault.Invalid, "too_many").Field("effect").With("max", MaxTargets)
	case e.Kind == Recall && len(e.Targets) > 1: // a message of recall names one document
		return fault.New(fault.Invalid, "too_many").Field("effect").With("max", 1)
	}
	return Text("effect", e.Reason, 1, MaxReason)
}

// Aim says which earlier documents of the same sender a consignment changes.
type Aim struct {
	Kind   ChangeKind `json:"kind"`
	Reason string     `json:"reason"`
	// Targets are the identifiers of what is meant, in groups to be tried in order: the first
	// group of which the recipient has any document from this sender.
	Targets [][]string `json:"targets"`
	Of      []Earlier  `json:"of,omitempty"` // the same as the sender knows it; empty on receipt
	// Bare: the message carries no document of its own, its fields are those of the document
	// changed.
	Bare      bool             `json:"bare,omitempty"`
	Info      bool             `json:"info,omitempty"`      // an update of the fields
	Receivers []ReceiverChange `json:"receivers,omitempty"` // an update of the recipients
}

// Earlier is a document sent before, with those it went to.
type Earlier struct {
	Reference
	Recipients []string `json:"recipients"` // OrganIDs
}

// ReceiverChange adds an agency to the recipients of a document or takes it off.
type ReceiverChange struct {
	OrganID string `json:"organ_id"`
	Added   bool   `json:"added"`
}

// Removes tells whether the update takes an agency off; same compares identifiers.
func (a *Aim) Removes(same func(organID string) (bool, error)) (bool, error) {
	for _, r := range a.Receivers {
		if r.Added {
			continue
		}
		if is, err := same(r.OrganID); err != nil || is {
			return is, err
		}
	}
	return false, nil
}

// Change is a recall, an update or a replacement of one document at one agency: at the
// sender one per delivery, with the recipient's answer; at the recipient one per document,
// waiting for the clerk's answer. It is kept for good: of what was recalled a tombstone
// remains on both sides (NĐ 30/2020 Annex VI III.8; RULE-14).
type Change struct {
	ID         string         `json:"id"`
	Row        int64          `json:"row"`
	AgencyID   string         `json:"agency_id"` // whose record this is
	Kind       ChangeKind     `json:"kind"`
	State      workflow.State `json:"state"`
	OutgoingID string         `json:"outgoing_id"` // at the sender: the document changed …
	DeliveryID string         `json:"delivery_id"` // … and its way to the other side
	IncomingID string         `json:"incoming_id"` // at the recipient: the document changed
	// CarrierID is the document that brings the change: at the sender an outgoing one, at the
	// recipient an incoming one; empty when a bare message does.
	CarrierID string `json:"carrier_id"`
	Party     Party  `json:"party"` // the other side
	Reason    string `json:"reason"`
	// Consignment is the message, fixed when the change was asked for, so that a retry says
	// the same; nil when a carrier brings it.
	Consignment *Consignment   `json:"-"`
	Hash        string         `json:"-"`        // Consignment.ContentHash
	RawKey      string         `json:"-"`        // at the recipient: blob of the message as it came
	Before      workflow.State `json:"before"`   // at the recipient: what the document was before it was frozen
	AskedBy     string         `json:"asked_by"` // person
	AskedAt     time.Time      `json:"asked_at"` // by the sender's clock
	AnsweredBy  string         `json:"answered_by"`
	AnsweredAt  *time.Time     `json:"answered_at"`
	Answer      string         `json:"answer"` // words of the recipient
	Attempts    int            `json:"attempts"`
	LastError   string         `json:"last_error"`
	UpdatedAt   time.Time      `json:"updated_at"`
}

// Open tells whether the change still concerns its delivery: it was asked for and neither
// declined nor given up.
func (c *Change) Open() bool { return c.State != workflow.Declined && c.State != workflow.Failed }

// Settles tells whether any of the changes has taken the document back or stands to do so.
func Settles(changes []Change, deliveryID string) bool {
	return slices.ContainsFunc(changes, func(c Change) bool {
		return c.DeliveryID == deliveryID && c.Open() && (c.Kind != Update || c.Removal())
	})
}

// Removal tells whether this update took the recipient off the list.
func (c *Change) Removal() bool {
	return c.Kind == Update && c.Consignment != nil && c.Consignment.Aim != nil &&
		slices.ContainsFunc(c.Consignment.Aim.Receivers, func(r ReceiverChange) bool { return !r.Added })
}
