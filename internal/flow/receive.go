package flow

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"

	"congvan/internal/authz"
	"congvan/internal/conservation"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/workflow"
	"congvan/storage"
)

// Receive takes a document that came for an agency of this installation (tiếp nhận,
// NĐ 30/2020 Đ.21): once per sender, identifier and content, however often it is sent
// (D2); the same identifier with other content is set aside (D3), a secret mark too
// (RULE-13). The files and the raw message are in the storage already; inside the
// installation the consignment itself is kept as the latter. The signatures are checked by
// a job, which then answers 01 (D1).
func (f *Flow) Receive(ctx context.Context, p document.Parcel, c document.Consignment) error {
	if p.RawKey == "" {
		var err error
		if p.RawKey, err = f.keepRaw(ctx, c); err != nil {
			return err
		}
	}
	return f.settle(ctx, p, func(tx Tx) (conservation.Outcome, error) { return f.receive(tx, p, c) })
}

func (f *Flow) receive(tx Tx, p document.Parcel, c document.Consignment) (conservation.Outcome, error) {
	ag, err := tx.AgencyByOrganID(p.To)
	if err != nil || !ag.Local {
		return "", fault.New(fault.Invalid, "recipient_unknown").Field("to").With("organ_id", p.To)
	}
	if document.HasSecretMark(c.SecrecyMark) {
		return conservation.Quarantined, f.setAside(tx, quarantined(ag, c, p, "secret_mark"), p.RawKey, nil)
	}
	if c.Aim != nil {
		return f.change(tx, ag, c, p)
	}
	_, outcome, err := f.takeIn(tx, ag, c, p)
	return outcome, err
}

// takeIn enters a document unless it is here already, and gives its id: none if it was set
// aside.
func (f *Flow) takeIn(tx Tx, ag org.Agency, c document.Consignment, p document.Parcel) (string, conservation.Outcome, error) {
	before, err := tx.IncomingOf(ag.ID, c.From.OrganID, c.DocumentID)
	if err != nil {
		return "", "", err
	}
	hash, previous := c.ContentHash(), ""
	for _, b := range before {
		if b.ContentHash == hash {
			return b.ID, conservation.Duplicate, f.again(tx, b)
		}
	}
	for _, b := range before {
		if b.State != workflow.Refused {
			return "", conservation.Quarantined, f.setAside(tx, quarantined(ag, c, p, otherContent), hash, nil)
		}
		previous = b.ID // the first attempt, that we refused
	}
	id, err := f.enter(tx, ag, c, p, previous)
	return id, conservation.Document, err
}

// otherContent is why a message is set aside whose identifier is taken.
const otherContent = "same_id_other_content"

// keepRaw stores a consignment of this installation as its raw message.
func (f *Flow) keepRaw(ctx context.Context, c document.Consignment) (string, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", fault.From(err)
	}
	key := storage.Key(sha256.Sum256(b))
	if err := f.Blobs.Put(ctx, key, int64(len(b)), bytes.NewReader(b)); err != nil {
		return "", storageFault(err)
	}
	return key.String(), nil
}

// again answers a repeated consignment: the same receipt, nothing new.
func (f *Flow) again(tx Tx, d document.Incoming) error {
	if d.Verdict == document.VerdictPending {
		return nil // the check is still to come and will answer
	}
	return f.notice(tx, system(d.AgencyID), &d, workflow.StatusArrived, "", true)
}

func quarantined(ag org.Agency, c document.Consignment, p document.Parcel, why string) Quarantined {
	q := Quarantined{
		AgencyID: ag.ID, State: workflow.Held, Channel: p.Via(), From: c.From, Recipient: p.To, DocumentID: c.DocumentID,
		AxisDocID: p.AxisDocID, RawKey: p.RawKey, Consignment: &c, Reason: why,
	}
	if q.Secret = why == "secret_mark"; q.Secret { // keep nothing that tells what it is about
		q.DocumentID, q.Consignment = "", nil
	}
	return q
}

// setAside keeps a message in quarantine, once however often it comes; what names the
// message among those of its sender.
func (f *Flow) setAside(tx Tx, q Quarantined, what string, detail map[string]string) error {
	h := sha256.New()
	for _, s := range []string{q.AgencyID, org.OrganKey(q.From.OrganID), what, q.Reason} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	q.ID, q.At = "qua-"+hex.EncodeToString(h.Sum(nil)[:12]), f.now()
	added, err := tx.PutQuarantine(q)
	if err != nil || !added {
		return err
	}
	d := map[string]string{"reason": q.Reason, "from": q.From.OrganID}
	maps.Copy(d, detail)
	return tx.Journal(f.entry(system(q.AgencyID), "QUARANTINE", "message", q.ID, q.RawKey, d))
}

// SetAside keeps a message of the axis that cannot become a document, with the reason: it
// never blocks the ones behind it, and nothing of it is lost.
func (f *Flow) SetAside(ctx context.Context, p document.Parcel, code string) error {
	return f.settle(ctx, p, func(tx Tx) (conservation.Outcome, error) {
		ag, err := tx.AgencyByOrganID(p.To)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return "", err
		}
		q := quarantined(ag, document.Consignment{From: document.Party{OrganID: p.From}}, p, code)
		q.Consignment = nil // it could not be read
		return conservation.Quarantined, f.setAside(tx, q, cmp.Or(p.RawKey, p.AxisDocID),
			map[string]string{"axis_doc_id": p.AxisDocID, "to": p.To})
	})
}

// SameAgency tells whether two identifiers are one agency's: the same text, or an old and a
// new code of one agency of the directory.
func (f *Flow) SameAgency(ctx context.Context, a, b string) (same bool, err error) {
	err = f.Store.Read(ctx, func(tx ReadTx) error {
		same, err = sameAgency(tx, a, b)
		return err
	})
	return same, err
}

// WireCode is the identifier under which the axis is to know an agency: its own in the
// scheme of Limits.Codes; for one the directory does not know, the one given.
func (f *Flow) WireCode(ctx context.Context, organID string) (code string, err error) {
	err = f.Store.Read(ctx, func(tx ReadTx) error {
		ag, err := tx.AgencyByOrganID(organID)
		if fault.KindOf(err) == fault.NotFound {
			code = organID
			return nil
		}
		code = cmp.Or(ag.CodeIn(f.Codes, f.now()), organID)
		return err
	})
	return code, err
}

func sameAgency(tx ReadTx, a, b string) (bool, error) {
	if org.SameOrganID(a, b) {
		return true, nil
	}
	x, err := tx.AgencyByOrganID(a)
	if err == nil {
		var y org.Agency
		y, err = tx.AgencyByOrganID(b)
		if err == nil {
			return x.ID == y.ID, nil
		}
	}
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return false, err
}

// enter makes the incoming document; its files are as they came.
// previous is an earlier attempt under the same identifier, if there was one.
func (f *Flow) enter(tx Tx, ag org.Agency, c document.Consignment, p document.Parcel, previous string) (string, error) {
	id, err := f.newID("inc-")
	if err != nil {
		return "", err
	}
	hash := c.ContentHash()
	now := f.now()
	t, _ := register.LookupName(c.TypeName)
	d := document.Incoming{
		ID: id, AgencyID: ag.ID, State: workflow.Received, Channel: p.Via(), From: c.From, ContentHash: hash,
		DocumentID: c.DocumentID, CodeNumber: c.CodeNumber, CodeNotation: c.CodeNotation, IssuedDate: c.IssuedDate,
		SignerName: c.SignerName, SignerTitle: c.SignerTitle, Competence: c.Competence, ResponseFor: c.ResponseFor,
		RawKey: p.RawKey, Verdict: document.VerdictPending, PreviousID: previous, ReceivedAt: now, UpdatedAt: now,
		Metadata: document.Metadata{
			TypeCode: t.Code, Subject: c.Subject, Urgency: c.Urgency, PageAmount: c.PageAmount, DueDate: c.DueDate,
			Language: "vi", ToPlaces: c.ToPlaces,
		},
	}
	for i, x := range c.Files {
		file, err := f.fileFrom(Upload{
			Name: document.CleanFileName(x.Name, "tep-dinh-kem"), MediaType: x.MediaType, Blob: x.Blob, Size: x.Size,
		}, x.Role, i+1, document.VersionReceived, system(ag.ID))
		if err != nil {
			return "", err
		}
		d.Files = append(d.Files, file)
	}
	if err := tx.PutIncoming(&d); err != nil {
		return "", err
	}
	if err := tx.Enqueue(Job{Kind: JobValidate, ID: id, Urgency: c.Urgency}); err != nil {
		return "", err
	}
	if err := f.overtaken(tx, ag, &d); err != nil {
		return "", err
	}
	return id, tx.Journal(f.entry(system(ag.ID), "RECEIVE", authz.Incoming, id, p.RawKey, map[string]string{
		"from": c.From.OrganID, "document_id": c.DocumentID, "channel": string(p.Via()), "content": hash,
	}))
}

// notice puts a status for the document's sender in the outbox; a paper document has no
// sender to tell. again sends one that was sent before once more.
func (f *Flow) notice(tx Tx, a Actor, d *document.Incoming, code workflow.StatusCode, text string, again bool) error {
	return f.noticeAbout(tx, a, d, code, text, "", again)
}

// noticeAbout is notice for the answer to a change.
func (f *Flow) noticeAbout(tx Tx, a Actor, d *document.Incoming, code workflow.StatusCode, text, changeID string, again bool) error {
	if d.Channel == document.Paper {
		return nil
	}
	ag, err := tx.Agency(d.AgencyID)
	if err != nil {
		return err
	}
	id, err := f.newID("ntc-")
	if err != nil {
		return err
	}
	now := f.now()
	n := document.Notice{
		ID: id, IncomingID: d.ID, About: changeID, Channel: d.Channel,
		Message: document.StatusMessage{
			From: document.Party{OrganID: ag.CodeIn(f.Codes, now), OrganName: ag.Name}, To: d.From.OrganID, DocumentID: d.DocumentID,
			Code: d.CodeNumber + "/" + d.CodeNotation, PromulgationDate: d.IssuedDate, Status: code, Description: text,
			Staff: document.Staff{Department: a.Title, Name: a.PersonName}, At: now,
		},
	}
	if err := tx.PutNotice(&n); err != nil {
		return err
	}
	if n.ID != id && !again {
		return nil
	}
	return tx.Enqueue(Job{Kind: JobNotify, ID: n.ID, Urgency: d.Urgency})
}

// later makes a refusal by the axis one that may pass: who is locked there gets unlocked, and
// the other side waits for what became of a document, or of a recall (NĐ 30/2020 Đ.18.4, Đ.21.2c).
func later(err error) error {
	if !fault.Is(err, "axis_refused") && !fault.Is(err, "axis_recipient_refused") {
		return err
	}
	e := *fault.From(err)
	e.Kind = fault.Unavailable
	return &e
}

// Notify is the job of one status notice: to the sender here, or over the axis.
func (f *Flow) Notify(ctx context.Context, id string) error {
	var n document.Notice
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		n, err = tx.Notice(id)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case n.Channel == document.Internal:
		err = f.RecordStatus(ctx, document.Parcel{}, n.Message)
	case f.Courier == nil:
		err = fault.New(fault.Unavailable, "axis_not_configured")
	default:
		err = later(f.Courier.SendStatus(ctx, n.Message))
	}
	sent := err
	err = f.Store.Write(context.WithoutCancel(ctx), func(tx Tx) error {
		n, err := tx.Notice(id)
		if err != nil {
			return err
		}
		if !fault.Is(sent, "recipient_resting") { // then none was made
			n.Attempts++
		}
		now := f.now()
		if n.LastError = ""; sent != nil {
			n.LastError = fault.From(sent).Code
		} else {
			n.SentAt = &now
		}
		if err := tx.PutNotice(&n); err != nil {
			return err
		}
		if onlyRetryable(sent) != nil && n.Attempts < f.MaxAttempts {
			return nil
		}
		return tx.FinishJob()
	})
	if err != nil {
		return err
	}
	return onlyRetryable(sent)
}

// RecordStatus applies a status that a recipient reported to the sender's delivery (D4):
// monotone, idempotent, and only from the agency the document went to. A status that fits
// no delivery is journalled and changes nothing (E7).
func (f *Flow) RecordStatus(ctx context.Context, p document.Parcel, m document.StatusMessage) error {
	return f.settle(ctx, p, func(tx Tx) (conservation.Outcome, error) {
		if m.Status == workflow.StatusRecall {
			return f.recalledByStatus(tx, p, m)
		}
		return f.recordStatus(tx, m)
	})
}

func (f *Flow) recordStatus(tx Tx, m document.StatusMessage) (conservation.Outcome, error) {
	v, err := tx.DeliveryTo(m.DocumentID, m.From.OrganID)
	if err != nil {
		if fault.KindOf(err) != fault.NotFound {
			return "", err
		}
		return conservation.StatusUnmatched, tx.Journal(f.entry(system(""), "STATUS_UNMATCHED", "message", m.DocumentID, "", map[string]string{
			"from": m.From.OrganID, "status": string(m.Status),
		}))
	}
	for _, e := range v.Events {
		if e.Code == string(m.Status) && e.At.Equal(m.At) {
			return conservation.Duplicate, nil
		}
	}
	reported, _ := workflow.DeliveryState(m.Status)
	by := m.From.OrganName
	if m.Staff.Name != "" {
		by = m.Staff.Name + ", " + by
	}
	now := f.now()
	v.Events = append(v.Events, document.StatusEvent{
		State: reported, Code: string(m.Status), Description: m.Description, By: by, At: m.At, RecordedAt: now,
	})
	late := v.State == workflow.Failed || v.State == workflow.Recalled
	v.State, v.UpdatedAt = workflow.Advance(v.State, reported), now
	if err := tx.PutDelivery(&v); err != nil {
		return "", err
	}
	if err := f.answered(tx, &v, m); err != nil {
		return "", err
	}
	if late && workflow.Delivered(v.State) {
		if err := f.arrivedAfterAll(tx, &v); err != nil {
			return "", err
		}
	}
	return conservation.StatusApplied, tx.Journal(f.entry(system(v.AgencyID), "STATUS", "delivery", v.ID, "", map[string]string{
		"from": m.From.OrganID, "status": string(m.Status), conservation.StateKey: string(v.State),
	}))
}
