package flow

import (
	"cmp"
	"context"
	"crypto"
	"encoding/hex"
	"errors"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/journal"
	"congvan/internal/org"
	"congvan/internal/workflow"
	"congvan/signing"
)

// Names of the form fields that the first signature creates. The leader's lock leaves
// exactly the later ones open; the agency's lock closes all.
const (
	FieldSigner = "SignerSignature"
	FieldAgency = "AgencySignature"
	FieldNumber = "CodeNumber"
	FieldDay    = "IssuedDay"
	FieldMonth  = "IssuedMonth"
	FieldYear   = "IssuedYear"
	FieldAnnex  = "AnnexSignature"
)

// formFontSize is used where the page does not tell a size, in points.
const formFontSize = 13.0

// SignInput is a leader's act of signing.
type SignInput struct {
	// Viewed is the SHA-256 in hex that the browser computed over the very bytes it gave
	// its viewer (S1): it must be the approved version.
	Viewed string
	// PIN of the person's own token, for this act only; cleared before Sign returns.
	PIN []byte
}

// Sign is the competent person's signature (ký số của người có thẩm quyền, NĐ 30/2020
// Đ.13, Annex I): over exactly the approved bytes, in one incremental update that also
// creates the fields for number and date and the agency's field. Intent before the token,
// outcome after it; of two people acting at once one wins.
func (f *Flow) Sign(ctx context.Context, a Actor, id string, in SignInput) (document.Outgoing, error) {
	defer clear(in.PIN)
	var d document.Outgoing
	var cred Credential
	var authority org.Authority
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		if d, err = f.outgoing(tx, a, id, workflow.Sign); err != nil {
			return err
		}
		if authority, err = tx.Authority(a.PositionID); err != nil {
			return noAuthority(err)
		}
		if cred, err = tx.Credential(OwnerPerson, a.PersonID); err != nil {
			return noCredential(err)
		}
		return f.accepting(tx)
	})
	if err != nil {
		return d, err
	}
	main := document.MainFile(d.Files)
	switch {
	case !d.Approved(document.ContentApproval) || !d.Approved(document.FormatApproval):
		return d, fault.New(fault.Conflict, "not_approved")
	case in.Viewed != main.Version.Blob:
		return d, fault.New(fault.Conflict, "viewed_other_bytes").Field("viewed_sha256")
	case len(in.PIN) == 0:
		return d, fault.New(fault.Invalid, "pin_required").Field("pin")
	}
	if err := errors.Join(authority.ValidAt(f.now()), authority.Covers(d.TypeCode)); err != nil {
		return d, err
	}
	s := signature{
		actor: a, doc: d.ID, file: main.ID, base: main.Version, kind: document.VersionSigned,
		purpose: PurposeCompetent, cred: cred, pin: in.PIN, req: f.leaderRequest(&d, cred),
	}
	v, intent, late, err := f.sign(ctx, s)
	if err != nil {
		return d, err
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		if d, err = f.outgoing(tx, a, id, workflow.Sign); err != nil {
			return err
		}
		main := document.MainFile(d.Files)
		if main.Version.Blob != s.base.Blob {
			return fault.New(fault.Conflict, "other_version")
		}
		main.Version = v
		now := f.now()
		d.SignedAt = &now
		if err := step(&d, workflow.Sign, now); err != nil {
			return err
		}
		if err := f.ask(tx, &d, f.leaderLevel(), late); err != nil {
			return err
		}
		if err := tx.PutOutgoing(&d); err != nil {
			return err
		}
		if err := f.signed(tx, &intent, v); err != nil {
			return err
		}
		if err := tx.Enqueue(Job{Kind: JobVerify, ID: d.ID}); err != nil {
			return err
		}
		return tx.Journal(f.entry(a, workflow.Sign, authz.Outgoing, d.ID, v.Blob, map[string]string{
			"base": s.base.Blob, "certificate": cred.Fingerprint, "authority": string(authority.Kind), "level": v.Level,
		}))
	})
	if err != nil {
		f.failed(ctx, a, &intent, err)
	}
	return d, err
}

func (f *Flow) leaderRequest(d *document.Outgoing, c Credential) signing.Request {
	l := d.Layout
	size, date := cmp.Or(l.FontSize, formFontSize), cmp.Or(l.DateSize, formFontSize)
	open := []string{FieldNumber, FieldDay, FieldMonth}
	create := []signing.FieldSpec{
		{Name: FieldNumber, Kind: signing.FieldText, Place: mark(l.Number), FontSize: size},
		{Name: FieldDay, Kind: signing.FieldText, Place: mark(l.Day), FontSize: date, Italic: true},
		{Name: FieldMonth, Kind: signing.FieldText, Place: mark(l.Month), FontSize: date, Italic: true},
	}
	if l.Year != nil {
		open = append(open, FieldYear)
		create = append(create, signing.FieldSpec{Name: FieldYear, Kind: signing.FieldText, Place: mark(l.Year), FontSize: date, Italic: true})
	}
	open = append(open, FieldAgency)
	create = append(create, signing.FieldSpec{
		Name: FieldAgency, Kind: signing.FieldSignature, Place: mark(l.Agency),
		Lock: &signing.Lock{Action: signing.LockExclude, Fields: signing.TimestampFields()},
	})
	return signing.Request{
		Field: FieldSigner, Place: mark(l.Leader), Create: create,
		Lock:       &signing.Lock{Action: signing.LockExclude, Fields: append(open, signing.TimestampFields()...)},
		Appearance: signing.Appearance{Look: signing.LookLeader, Image: c.Image},
		Time:       f.Clock(),
	}
}

func mark(p *document.Place) signing.Place {
	return signing.Place{Page: p.Page, X: p.X, Y: p.Y, W: p.W, H: p.H}
}

// signature is one signature to be made.
type signature struct {
	actor   Actor
	doc     string
	file    string
	base    document.Version
	kind    document.VersionKind
	purpose Purpose
	cred    Credential
	pin     []byte
	req     signing.Request
}

// sign makes one signature and stores the signed file; the caller commits it. Before the
// token is asked the certificate is checked and the intent committed; afterwards our own
// validator looks at the increment before anything is stored. late is the catalogue code of
// why the signature went without its timestamp, empty when it has one or needs none.
func (f *Flow) sign(ctx context.Context, s signature) (v document.Version, intent Intent, late string, err error) {
	if err := f.Trust.CheckSigner(ctx, s.cred); err != nil {
		return s.base, intent, "", err
	}
	chain, err := signing.ParseChain(s.cred.ChainPEM)
	if err != nil {
		return s.base, intent, "", fault.New(fault.Internal, "credential_broken").Wrap(err)
	}
	file, closer, err := f.open(ctx, s.base.Blob, s.base.HashState)
	if err != nil {
		return s.base, intent, "", err
	}
	defer func() { _ = closer.Close() }()
	p, err := f.Engine.Prepare(ctx, file, s.req)
	if err != nil {
		return s.base, intent, "", pdfFault(err)
	}
	if intent, err = f.intend(ctx, s, p.Digest); err != nil {
		return s.base, intent, "", err
	}
	tail, level, late, err := f.produce(ctx, s, p, chain)
	if err == nil {
		err = f.Validator.CheckExtension(ctx, file, signing.Extended(file, tail), s.req)
		if err != nil {
			err = fault.New(fault.Internal, "self_check_failed").Wrap(err)
		}
	}
	if err == nil {
		v, err = f.extend(ctx, s.actor, s.base, tail, s.kind)
		v.Level = string(level)
	}
	if err != nil {
		f.failed(ctx, s.actor, &intent, err)
		return s.base, intent, "", err
	}
	return v, intent, late, nil
}

// produce has the token sign, within its time, adds the timestamp, within its own, and
// completes the update. The token is asked once: a timestamp that does not come or does not
// fit is left out.
func (f *Flow) produce(ctx context.Context, s signature, p *signing.Prepared, chain signing.Chain) (tail []byte, level signing.Level, late string, err error) {
	limited, stop := context.WithTimeout(ctx, f.SignTimeout)
	defer stop()
	cms, err := f.Engine.BuildCMS(limited, p.Digest, signing.Credential{KeyURI: s.cred.KeyURI, Chain: chain}, f.Keys,
		signing.SignOptions{Hash: crypto.SHA256, PIN: s.pin})
	if err != nil {
		return nil, "", "", keyFault(err)
	}
	if f.Level.Reaches(signing.LevelT) {
		stamped, err := f.stamp(ctx, cms)
		if err == nil {
			tail, err = p.Complete(stamped)
		}
		if err == nil {
			return tail, signing.LevelT, "", nil
		}
		late = fault.From(levelFault(err)).Code
	}
	if tail, err = p.Complete(cms); err != nil {
		return nil, "", "", fault.New(fault.Conflict, "signature_overflow").Wrap(err)
	}
	return tail, signing.LevelB, late, nil
}

// stamp asks for a timestamp for as long as somebody may be kept waiting for it.
func (f *Flow) stamp(ctx context.Context, cms []byte) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, f.StampTimeout)
	defer stop()
	return f.Augmenter.Timestamp(ctx, cms)
}

// intend commits who is about to sign what with which key.
func (f *Flow) intend(ctx context.Context, s signature, digest []byte) (Intent, error) {
	id, err := f.newID("int-")
	if err != nil {
		return Intent{}, err
	}
	i := Intent{
		ID: id, DocumentID: s.doc, FileID: s.file, Purpose: s.purpose, PositionID: s.actor.PositionID,
		PersonName: s.actor.PersonName, BaseBlob: s.base.Blob, Digest: hex.EncodeToString(digest), KeyURI: s.cred.KeyURI, At: f.now(),
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		if err := tx.PutIntent(&i); err != nil {
			return err
		}
		return tx.Journal(f.intentEntry(s.actor, "SIGN_INTENDED", &i))
	})
	return i, err
}

func (f *Flow) intentEntry(a Actor, act string, i *Intent) journal.Entry {
	return f.entry(a, workflow.Action(act), authz.Outgoing, i.DocumentID, i.BaseBlob,
		map[string]string{"intent": i.ID, "digest": i.Digest, "key": i.KeyURI, "purpose": string(i.Purpose), "code": i.Code})
}

// signed completes an intent within the transaction that commits the signature.
func (f *Flow) signed(tx Tx, i *Intent, v document.Version) error {
	now := f.now()
	i.Outcome, i.ResultBlob, i.DoneAt = "SIGNED", v.Blob, &now
	return tx.PutIntent(i)
}

// failed records what became of an intent whose signature will not be used. It runs even
// when the request is gone; should it fail too, the open intent stays as the evidence.
func (f *Flow) failed(ctx context.Context, a Actor, i *Intent, cause error) {
	now := f.now()
	i.Outcome, i.Code, i.DoneAt, i.ResultBlob = "FAILED", fault.From(cause).Code, &now, ""
	_ = f.Store.Write(context.WithoutCancel(ctx), func(tx Tx) error {
		if err := tx.PutIntent(i); err != nil {
			return err
		}
		return tx.Journal(f.intentEntry(a, "SIGN_FAILED", i))
	})
}

// keyFault says what a token's refusal means for the person.
func keyFault(err error) error {
	switch {
	case errors.Is(err, signing.ErrPINIncorrect):
		return fault.New(fault.Invalid, "pin_incorrect").Field("pin").Wrap(err)
	case errors.Is(err, signing.ErrPINLocked):
		return fault.New(fault.Invalid, "pin_locked").Field("pin").Wrap(err)
	case errors.Is(err, signing.ErrKeyNotFound):
		return fault.New(fault.Unavailable, "key_not_found").Wrap(err)
	case errors.Is(err, signing.ErrTokenUnavailable), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "token_unavailable").Wrap(err)
	}
	return fault.New(fault.Internal, "signing_failed").Wrap(err)
}

func noAuthority(err error) error {
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Invalid, "no_authority")
	}
	return err
}

func noCredential(err error) error {
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Invalid, "no_credential")
	}
	return err
}
