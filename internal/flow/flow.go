package flow

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"time"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/journal"
	"congvan/internal/org"
	"congvan/internal/workflow"
	"congvan/signing"
	"congvan/storage"
)

// Ports are what the acts need of the world.
type Ports struct {
	Store     Store
	Blobs     storage.Blobs
	Engine    signing.Engine
	Validator signing.Validator
	Keys      signing.Keys
	Trust     Trust
	Courier   Courier // nil where no axis is configured
	// Augmenter raises signatures to Limits.Level; Offline judges what it made as somebody
	// who has nothing but the anchors. Both nil where the level is B-B.
	Augmenter signing.Augmenter
	Offline   signing.Validator
	Rereader  Rereader // nil where no axis is configured
	Clock     func() time.Time
	Rand      io.Reader // for ids
}

// Limits of what the acts accept.
type Limits struct {
	UploadBytes int64          // of one file; 0 means 200 MB
	Codes       org.CodeScheme // of agencies' identifiers on the axis; empty means QĐ 20/2020
	SignTimeout time.Duration  // of one signature in the token; 0 means 30 s
	MaxAttempts int            // of a delivery before it is given up; 0 means 30

	Level        signing.Level // of a sealed document before it is issued; empty means B-B: none is asked
	StampTimeout time.Duration // for a timestamp while somebody waits; 0 means 5 s, then a job goes on
	Grace        time.Duration // how long documents go out without timestamp server or revocation information; 0: not at all
}

// Flow is the set of acts. It is safe for concurrent use; every act is decided by the
// store's transaction.
type Flow struct {
	Ports
	Limits

	checking checks // of bytes
}

// New checks nothing: the composition root answers for the ports.
func New(p Ports, l Limits) *Flow {
	if l.UploadBytes == 0 {
		l.UploadBytes = 200 << 20
	}
	if l.SignTimeout == 0 {
		l.SignTimeout = 30 * time.Second
	}
	if l.MaxAttempts == 0 {
		l.MaxAttempts = 30
	}
	if l.StampTimeout == 0 {
		l.StampTimeout = 5 * time.Second
	}
	if l.Level == "" {
		l.Level = signing.LevelB
	}
	return &Flow{Ports: p, Limits: l}
}

// newID is a random identifier: 12 bytes in hex, with a prefix that tells the kind.
func (f *Flow) newID(prefix string) (string, error) {
	var b [12]byte
	if _, err := io.ReadFull(f.Rand, b[:]); err != nil {
		return "", fault.New(fault.Internal, "internal").Wrap(err)
	}
	return prefix + hex.EncodeToString(b[:]), nil
}

func itoa(n int) string { return strconv.Itoa(n) }

// now is the clock in µs UTC, as the store keeps it.
func (f *Flow) now() time.Time { return f.Clock().UTC().Truncate(time.Microsecond) }

// entry begins a journal entry for an act.
func (f *Flow) entry(a Actor, act workflow.Action, kind authz.Kind, id, hash string, detail map[string]string) journal.Entry {
	return journal.Entry{
		At: f.now(), Actor: journal.Actor{AccountID: a.AccountID, Name: a.PersonName}, OnBehalfOf: a.OnBehalfOf,
		Position: a.PositionID, Agency: a.AgencyID, Action: string(act),
		ObjectKind: string(kind), ObjectID: id, VersionHash: hash, Detail: detail,
	}
}

// system is the actor of what the server does by itself: receiving, validating, sending.
func system(agencyID string) Actor {
	return Actor{AccountID: "system", PersonName: "Hệ thống", AgencyID: agencyID}
}

// outgoing reads a document and decides the act on it: NotFound, Forbidden or a state
// fault come back before anything is touched.
func (f *Flow) outgoing(tx ReadTx, a Actor, id string, act workflow.Action) (document.Outgoing, error) {
	d, err := tx.Outgoing(id)
	if err != nil {
		return d, err
	}
	if err := authz.Can(a, act, OutgoingResource(&d)).Err(); err != nil {
		return d, err
	}
	if act == workflow.View {
		return d, nil
	}
	if _, err := workflow.Next(workflow.Outgoing, d.State, act); err != nil {
		return d, notNow(tx, authz.Outgoing, id, err)
	}
	return d, nil
}

// notNow adds to a refusal by state who did the newest act, which one and when: of two
// people at one document the second learns what the first did.
func notNow(tx ReadTx, kind authz.Kind, id string, err error) error {
	e, lerr := tx.LastEntry(string(kind), id)
	if lerr != nil {
		return err
	}
	return fault.From(err).With("name", e.Actor.Name).With("last", e.Action).
		With("at", e.At.In(calendar.Zone()).Format("15:04 02/01/2006"))
}

// incoming is outgoing for documents received.
func (f *Flow) incoming(tx ReadTx, a Actor, id string, act workflow.Action) (document.Incoming, []document.Assignment, error) {
	d, err := tx.Incoming(id)
	if err != nil {
		return d, nil, err
	}
	as, err := tx.Assignments(id)
	if err != nil {
		return d, nil, err
	}
	askers, err := Askers(tx, &d)
	if err != nil {
		return d, nil, err
	}
	if err := authz.Can(a, act, IncomingResource(&d, as, askers)).Err(); err != nil {
		return d, as, err
	}
	switch act {
	case workflow.View, workflow.Look, workflow.Agree, workflow.Decline: // the document's own state has no say
		return d, as, nil
	}
	if _, err := workflow.Next(workflow.Incoming, d.State, act); err != nil {
		return d, as, notNow(tx, authz.Incoming, id, err)
	}
	return d, as, nil
}

// OutgoingResource is what authz needs to know of an outgoing document.
func OutgoingResource(d *document.Outgoing) authz.Resource {
	return authz.Resource{
		Kind: authz.Outgoing, AgencyID: d.AgencyID, UnitID: d.UnitID, State: d.State,
		DrafterID: d.DrafterID, SignerID: d.SignerID,
	}
}

// Askers are the positions of the same agency that drafted what a document answers: whoever
// asked may read the answer.
func Askers(tx ReadTx, d *document.Incoming) ([]string, error) {
	var out []string
	for _, ref := range d.ResponseFor {
		if ref.DocumentID == "" {
			continue
		}
		asked, err := tx.OutgoingByDocumentID(ref.DocumentID)
		switch {
		case err == nil && asked.AgencyID == d.AgencyID:
			out = append(out, asked.DrafterID)
		case err != nil && fault.KindOf(err) != fault.NotFound:
			return nil, err
		}
	}
	return out, nil
}

// IncomingResource is what authz needs to know of an incoming document.
func IncomingResource(d *document.Incoming, as []document.Assignment, askers []string) authz.Resource {
	r := authz.Resource{Kind: authz.Incoming, AgencyID: d.AgencyID, State: d.State, PresentedTo: d.PresentedTo, Askers: askers, Unbooked: d.ArrivalNumber == 0}
	for _, a := range as {
		r.Assignees = append(r.Assignees, authz.Assignee{
			PositionID: a.PositionID, UnitID: a.UnitID, State: a.State, Lead: a.Role == document.Lead,
		})
	}
	return r
}

// step moves a document to its next state.
func step(d *document.Outgoing, act workflow.Action, at time.Time) error {
	next, err := workflow.Next(workflow.Outgoing, d.State, act)
	if err != nil {
		return err
	}
	d.State, d.UpdatedAt = next, at
	return nil
}

// open opens a version's bytes for the signing module; close it after use.
func (f *Flow) open(ctx context.Context, blob string, state []byte) (signing.File, io.Closer, error) {
	key, err := storage.ParseKey(blob)
	if err != nil {
		return signing.File{}, nil, fault.New(fault.Internal, "internal").Wrap(err)
	}
	obj, err := f.Blobs.Open(ctx, key)
	if err != nil {
		return signing.File{}, nil, storageFault(err)
	}
	return signing.File{R: obj, Size: obj.Size(), HashState: state}, obj, nil
}

// storageFault gives a storage error its kind: only "not available" is worth a retry.
func storageFault(err error) error {
	if errors.Is(err, storage.ErrUnavailable) {
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	return fault.New(fault.Internal, "storage_failed").Wrap(err)
}

// reason checks the reason that a return, a refusal or a void must carry.
func reason(s string) error { return document.Text("reason", s, 1, document.MaxReason) }
