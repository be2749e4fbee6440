package flow

import (
	"cmp"
	"context"
	"errors"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/workflow"
	"congvan/signing"
)

// Place of the text block on an annex in a file of its own: top right of page 1.
const (
	blockWidth  = 66.0
	blockHeight = 19.0
	blockMargin = 8.0
	edgeMargin  = 1.0 // where 8 mm below the edge is written on
)

// Seal is the agency's signature (ký số của cơ quan, NĐ 30/2020 Đ.32, Annex I): the named
// clerk's own act, after the competent person's, never an unattended job. One increment
// fills number and date and puts the red seal over the left third of the leader's image;
// every PDF annex in a file of its own gets the text block instead, and what is not a PDF
// goes unsigned with a recorded warning.
func (f *Flow) Seal(ctx context.Context, a Actor, id string) (document.Outgoing, error) {
	var d document.Outgoing
	var cred Credential
	var ag org.Agency
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		if d, err = f.outgoing(tx, a, id, workflow.Seal); err != nil {
			return err
		}
		if ag, err = tx.Agency(a.AgencyID); err != nil {
			return err
		}
		if cred, err = tx.Credential(OwnerAgency, a.AgencyID); err != nil {
			return noCredential(err)
		}
		return errors.Join(d.Level.Settled(), f.accepting(tx))
	})
	if err != nil {
		return d, err
	}
	main := document.MainFile(d.Files)
	if err := f.leaderSigned(ctx, main.Version, signing.Level(d.Level.Asked)); err != nil {
		return d, err
	}
	sealed := map[string]document.Version{}
	var intents []*Intent
	var warnings []string
	var late string // why a signature went without its timestamp
	for _, file := range d.Files {
		if file.Role == document.Original {
			continue // it carries its issuer's signatures and gets no other
		}
		s, warning, err := f.sealOf(ctx, a, &d, file, ag, cred)
		if warning != "" {
			warnings = append(warnings, warning+":"+file.Name)
		}
		if err == nil && s == nil {
			continue
		}
		var v document.Version
		var i Intent
		if err == nil {
			var code string
			v, i, code, err = f.sign(ctx, *s)
			late = cmp.Or(code, late)
		}
		if err != nil {
			f.abandon(ctx, a, intents, err)
			return d, err
		}
		sealed[file.ID] = v
		intents = append(intents, &i)
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		return f.commitSeal(tx, a, &d, sealed, intents, warnings, cred, late)
	})
	if err != nil {
		f.abandon(ctx, a, intents, err)
	}
	return d, err
}

// commitSeal decides: the versions the seals were made on must still be the newest.
func (f *Flow) commitSeal(tx Tx, a Actor, d *document.Outgoing, sealed map[string]document.Version, intents []*Intent, warnings []string, cred Credential, late string) error {
	fresh, err := f.outgoing(tx, a, d.ID, workflow.Seal)
	if err != nil {
		return err
	}
	if fresh.Row != d.Row {
		return fault.New(fault.Conflict, "row_changed")
	}
	for i := range fresh.Files {
		if v, ok := sealed[fresh.Files[i].ID]; ok {
			fresh.Files[i].Version = v
		}
	}
	fresh.Warnings = append(fresh.Warnings, warnings...)
	if err := step(&fresh, workflow.Seal, f.now()); err != nil {
		return err
	}
	if err := f.ask(tx, &fresh, f.sealLevel(&fresh), late); err != nil {
		return err
	}
	if err := tx.PutOutgoing(&fresh); err != nil {
		return err
	}
	for _, i := range intents {
		if err := f.signed(tx, i, sealed[i.FileID]); err != nil {
			return err
		}
	}
	*d = fresh
	if err := tx.Enqueue(Job{Kind: JobVerify, ID: d.ID}); err != nil {
		return err
	}
	return tx.Journal(f.entry(a, workflow.Seal, authz.Outgoing, d.ID, document.MainFile(d.Files).Version.Blob, map[string]string{
		"certificate": cred.Fingerprint, "files": itoa(len(sealed)), "unsigned": itoa(len(warnings)), "level": d.Level.Reached,
	}))
}

// abandon records that signatures made for an act that failed will not be used.
func (f *Flow) abandon(ctx context.Context, a Actor, intents []*Intent, cause error) {
	for _, i := range intents {
		f.failed(ctx, a, i, cause)
	}
}

// leaderSigned holds the order of NĐ 30/2020 Đ.32.2.d: the agency signs only what already
// carries the competent person's valid signature, at the level asked of it. Not knowing is
// not enough.
func (f *Flow) leaderSigned(ctx context.Context, v document.Version, asked signing.Level) error {
	file, closer, err := f.open(ctx, v.Blob, nil)
	if err != nil {
		return err
	}
	defer func() { _ = closer.Close() }()
	rep, err := f.Validator.Validate(ctx, file, f.now())
	if err != nil {
		return fault.From(err)
	}
	if rep.SHA256 != v.Blob {
		return fault.New(fault.Internal, "stored_bytes_differ")
	}
	for _, s := range rep.Signatures {
		if s.Field != FieldSigner {
			continue
		}
		switch s.Verdict {
		case signing.Valid:
			if !signing.Level(s.Level).Reaches(asked) {
				return fault.New(fault.Conflict, "level_not_proven")
			}
			return nil
		case signing.Unknown:
			return fault.New(fault.Unavailable, "leader_signature_unknown")
		}
	}
	return fault.New(fault.Conflict, "leader_signature_not_valid")
}

// sealOf is the agency's signature on one file, nil for a file that cannot carry one; the
// warning is for the people who see the document.
func (f *Flow) sealOf(ctx context.Context, a Actor, d *document.Outgoing, file document.File, ag org.Agency, cred Credential) (*signature, string, error) {
	s := &signature{actor: a, doc: d.ID, file: file.ID, base: file.Version, kind: document.VersionSealed, cred: cred}
	now := f.Clock().In(calendar.Zone())
	if file.Role == document.Main {
		s.purpose = PurposeAgency
		s.req = signing.Request{
			Field: FieldAgency, Fill: fills(d), Time: now,
			Appearance: signing.Appearance{Look: signing.LookAgency, Image: cred.Image},
		}
		return s, "", nil
	}
	if file.MediaType != mediaPDF {
		return nil, "annex_unsigned", nil
	}
	in, err := f.inspect(ctx, file.Version)
	if err != nil {
		return nil, "", err
	}
	if in.Encrypted || len(in.PageSizes) == 0 {
		return nil, "annex_unsigned", nil
	}
	lines := []string{
		ag.Name, register.FullCode(d.Number, d.Notation), now.Format("02-01-2006 15:04:05 -07:00"),
	}
	if cred.Demo {
		lines = append(lines, "CHỨNG THƯ THỬ NGHIỆM")
	}
	s.purpose = PurposeAppendix
	s.req = signing.Request{
		// One annex may carry the seals of several documents: each has its own field.
		Field: FieldAnnex + "-" + d.ID, Time: now,
		Place:      signing.Place{Page: 1, X: max(0, in.PageSizes[0].W-blockWidth-blockMargin), Y: blockMargin, W: blockWidth, H: blockHeight},
		Appearance: signing.Appearance{Look: signing.LookAttachment, Lines: lines},
	}
	seen, err := f.makeRoom(ctx, file.Version, &s.req)
	if err == nil && !seen {
		return s, "annex_block_unseen", nil
	}
	return s, "", err
}

// makeRoom moves an annex's text block to the upper edge where it would stand over text, and
// has it not shown at all where even that is written on: the agency's signature must not hide
// what the annex says, nor be missing (NĐ 30/2020 Annex I, II.8.b).
func (f *Flow) makeRoom(ctx context.Context, v document.Version, r *signing.Request) (seen bool, err error) {
	file, closer, err := f.open(ctx, v.Blob, v.HashState)
	if err != nil {
		return false, err
	}
	defer func() { _ = closer.Close() }()
	for _, y := range []float64{blockMargin, edgeMargin} {
		r.Place.Y = y
		_, err = f.Engine.Prepare(ctx, file, *r)
		switch {
		case err == nil:
			return true, nil
		case !errors.Is(err, signing.ErrCovers):
			return false, pdfFault(err)
		}
	}
	r.Place, r.Appearance = signing.Place{}, signing.Appearance{Look: signing.LookNone}
	return false, nil
}

func (f *Flow) inspect(ctx context.Context, v document.Version) (*signing.Inspection, error) {
	file, closer, err := f.open(ctx, v.Blob, v.HashState)
	if err != nil {
		return nil, err
	}
	defer func() { _ = closer.Close() }()
	in, err := f.Engine.Inspect(ctx, file)
	if err != nil {
		return nil, pdfFault(err)
	}
	return in, nil
}

// fills are the values of the fields that the first signature created.
func fills(d *document.Outgoing) []signing.FieldValue {
	out := []signing.FieldValue{
		{Name: FieldNumber, Value: register.FormatNumber(d.Number)},
		{Name: FieldDay, Value: register.DayText(d.IssuedDate.Day)},
		{Name: FieldMonth, Value: register.MonthText(d.IssuedDate.Month)},
	}
	if d.Layout.Year != nil {
		out = append(out, signing.FieldValue{Name: FieldYear, Value: itoa(d.IssuedDate.Year)})
	}
	return out
}
