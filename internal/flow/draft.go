package flow

import (
	"context"
	"slices"
	"strings"
	"time"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/workflow"
	"congvan/signing"
)

// FileInput puts an upload into a document.
type FileInput struct {
	Role     document.Role `json:"role"`
	UploadID string        `json:"upload_id"`
}

// DraftInput is what an official enters. Files is the whole set in order: the main file
// first, then the annexes.
type DraftInput struct {
	Secrecy document.Secrecy `json:"secrecy"`
	document.Metadata
	SignerID   string           `json:"signer_id"`  // position of the competent person
	Recipients []string         `json:"recipients"` // OrganIDs
	Files      []FileInput      `json:"files"`      // empty on Revise: the files stay
	ReplyTo    string           `json:"reply_to"`   // id of the incoming document answered
	Forwards   string           `json:"forwards"`   // id of the incoming document whose files go along unchanged; fixed by the first draft
	Effect     document.Effect  `json:"effect"`     // on earlier documents, when issued: a notice of recall, a replacement
	Layout     *document.Layout `json:"layout"`     // places given by the drafter; nil or missing ones are looked for
}

// Draft begins an outgoing document (soạn thảo, NĐ 30/2020 Đ.10): secrecy first, then the
// fields, then the files. It is the drafter's until submitted.
func (f *Flow) Draft(ctx context.Context, a Actor, in DraftInput) (document.Outgoing, error) {
	if err := authz.MayDraft(a).Err(); err != nil {
		return document.Outgoing{}, err
	}
	id, err := f.newID("out-")
	if err != nil {
		return document.Outgoing{}, err
	}
	now := f.now()
	d := document.Outgoing{
		ID: id, AgencyID: a.AgencyID, UnitID: a.UnitID, DrafterID: a.PositionID, State: workflow.Draft,
		Forwards: in.Forwards, CreatedAt: now, UpdatedAt: now,
	}
	return f.putDraft(ctx, a, d, in, "DRAFT")
}

// Revise changes a draft: fields, files or both. New files make a new edition, which
// needs new approvals.
func (f *Flow) Revise(ctx context.Context, a Actor, id string, in DraftInput) (document.Outgoing, error) {
	var d document.Outgoing
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		d, err = f.outgoing(tx, a, id, workflow.Revise)
		return err
	})
	if err != nil {
		return d, err
	}
	return f.putDraft(ctx, a, d, in, string(workflow.Revise))
}

// putDraft checks the input, prepares the files outside a transaction and writes the draft.
func (f *Flow) putDraft(ctx context.Context, a Actor, d document.Outgoing, in DraftInput, act string) (document.Outgoing, error) {
	if err := document.GuardSecrecy(in.Secrecy); err != nil {
		return d, err
	}
	if in.Language == "" {
		in.Language = "vi"
	}
	in.Subject = strings.TrimSpace(in.Subject)
	if err := in.Metadata.Validate(); err != nil {
		return d, err
	}
	if err := in.Effect.Validate(); err != nil {
		return d, err
	}
	if _, ok := register.Lookup(in.TypeCode); !ok {
		return d, fault.New(fault.Invalid, "type_unknown").Field("type_code")
	}
	d.Metadata, d.SignerID, d.ReplyTo, d.Effect = in.Metadata, in.SignerID, in.ReplyTo, in.Effect
	var signer signerFacts
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		served, err := f.served(tx, a, &d)
		if err != nil {
			return err
		}
		if d.Recipients, err = recipients(tx, a.AgencyID, f.now(), append(slices.Clone(in.Recipients), served...)); err != nil {
			return err
		}
		if d.ResponseFor, err = f.responseFor(tx, a, in.ReplyTo); err != nil {
			return err
		}
		var original *document.Incoming
		if original, err = f.original(tx, a, &d); err != nil {
			return err
		}
		if signer, err = signerOf(tx, a.AgencyID, in.SignerID); err != nil {
			return err
		}
		if len(in.Files) > 0 {
			if err := f.takeUploads(tx, a, &d, in.Files); err != nil {
				return err
			}
			return f.enclose(a, &d, original)
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	if len(in.Files) > 0 {
		if err := f.readyMain(ctx, a, &d); err != nil {
			return d, err
		}
	}
	if err := f.layOut(ctx, &d, in.Layout, signer); err != nil {
		return d, err
	}
	d.UpdatedAt = f.now()
	err = f.Store.Write(ctx, func(tx Tx) error {
		if err := tx.PutOutgoing(&d); err != nil {
			return err
		}
		return tx.Journal(f.entry(a, workflow.Action(act), authz.Outgoing, d.ID, d.Manifest(), map[string]string{"edition": itoa(d.Edition)}))
	})
	return d, err
}

// recipients resolves identifiers to agencies that are known and open (D10); one agency
// once, never the sender itself.
func recipients(tx ReadTx, own string, now time.Time, ids []string) ([]document.Party, error) {
	if len(ids) > document.MaxRecipients {
		return nil, fault.New(fault.Invalid, "too_many").Field("recipients").With("max", document.MaxRecipients)
	}
	seen := map[string]bool{}
	var out []document.Party
	for _, id := range ids {
		ag, err := tx.AgencyByOrganID(id)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			return nil, fault.New(fault.Invalid, "recipient_unknown").Field("recipients").With("organ_id", id)
		}
		if err != nil {
			return nil, err
		}
		switch {
		case !ag.Open(now):
			return nil, fault.New(fault.Invalid, "recipient_closed").Field("recipients").With("organ_id", id).With("name", ag.Name)
		case ag.ID == own:
			return nil, fault.New(fault.Invalid, "recipient_self").Field("recipients").With("name", ag.Name)
		case seen[ag.ID]:
			continue
		}
		seen[ag.ID] = true
		out = append(out, document.Party{OrganID: id, OrganName: ag.Name})
	}
	return out, nil
}

// responseFor names the answered document as it stands on the wire.
func (f *Flow) responseFor(tx ReadTx, a Actor, incomingID string) ([]document.Reference, error) {
	if incomingID == "" {
		return nil, nil
	}
	in, _, err := f.incoming(tx, a, incomingID, workflow.Reply)
	if err != nil {
		return nil, err
	}
	return []document.Reference{{
		OrganID: in.From.OrganID, Code: in.CodeNumber + "/" + in.CodeNotation,
		DocumentID: in.DocumentID, PromulgationDate: in.IssuedDate,
	}}, nil
}

// signerFacts are the words of a signature block to look for on the page.
type signerFacts struct {
	FullName string
	Title    string // last line of the block, capitals
}

// signerOf checks that the chosen signer is a leader of the agency with an authority.
func signerOf(tx ReadTx, agencyID, positionID string) (signerFacts, error) {
	if positionID == "" {
		return signerFacts{}, nil
	}
	p, err := tx.Position(positionID)
	if err != nil || p.AgencyID != agencyID || !p.Has(org.RoleLeader) {
		return signerFacts{}, fault.New(fault.Invalid, "signer_unknown").Field("signer_id")
	}
	person, err := tx.Person(p.PersonID)
	if err != nil {
		return signerFacts{}, err
	}
	return signerFacts{FullName: person.FullName, Title: strings.ToUpper(p.Title)}, nil
}

// takeUploads makes the uploads the document's files as a new edition.
func (f *Flow) takeUploads(tx ReadTx, a Actor, d *document.Outgoing, files []FileInput) error {
	d.Edition++
	d.Files, d.Approvals, d.Warnings = nil, nil, nil
	mains := 0
	for i, in := range files {
		u, err := tx.Upload(in.UploadID)
		if err != nil || u.AccountID != a.AccountID {
			return fault.New(fault.Invalid, "upload_unknown").Field("files")
		}
		switch in.Role {
		case document.Main:
			mains++
			if u.MediaType != mediaPDF {
				return fault.New(fault.Invalid, "not_a_pdf").Field("files")
			}
		case document.Annex:
		default:
			return fault.New(fault.Invalid, "file_role_unknown").Field("files")
		}
		file, err := f.fileFrom(u, in.Role, i+1, document.VersionDraft, a)
		if err != nil {
			return err
		}
		d.Files = append(d.Files, file)
	}
	if mains != 1 || d.Files[0].Role != document.Main {
		return fault.New(fault.Invalid, "main_file_first").Field("files")
	}
	return nil
}

func (f *Flow) fileFrom(u Upload, role document.Role, ordinal int, kind document.VersionKind, a Actor) (document.File, error) {
	fid, err := f.newID("fil-")
	if err != nil {
		return document.File{}, err
	}
	vid, err := f.newID("ver-")
	if err != nil {
		return document.File{}, err
	}
	return document.File{
		ID: fid, Role: role, Ordinal: ordinal, Name: u.Name, MediaType: u.MediaType,
		Version: document.Version{
			ID: vid, N: 1, Kind: kind, Blob: u.Blob, Size: u.Size, HashState: u.HashState, Pages: u.Pages,
			CreatedAt: f.now(), CreatedBy: a.PositionID,
		},
	}, nil
}

// readyMain refuses a main file that must not be signed and flattens its form fields, so
// that what is approved is what will be seen: no field of a draft survives to the signature.
func (f *Flow) readyMain(ctx context.Context, a Actor, d *document.Outgoing) error {
	main := document.MainFile(d.Files)
	file, closer, err := f.open(ctx, main.Version.Blob, main.Version.HashState)
	if err != nil {
		return err
	}
	defer func() { _ = closer.Close() }()
	in, err := f.Engine.Inspect(ctx, file)
	if err != nil {
		return pdfFault(err)
	}
	if err := drafted(in); err != nil {
		return err
	}
	if len(in.FormFields) == 0 && len(in.EmptySigFields) == 0 {
		return nil
	}
	tail, err := f.Engine.Flatten(ctx, file)
	if err != nil {
		return pdfFault(err)
	}
	if len(tail) == 0 {
		return nil
	}
	v, err := f.extend(ctx, a, main.Version, tail, document.VersionFlattened)
	if err != nil {
		return err
	}
	main.Version = v
	return nil
}

// drafted tells whether a file may be a draft's main file.
func drafted(in *signing.Inspection) error {
	switch {
	case in.Encrypted:
		return fault.New(fault.Invalid, "pdf_encrypted").Field("files")
	case in.Signatures > 0:
		return fault.New(fault.Invalid, "pdf_signed").Field("files")
	}
	for _, x := range in.Findings {
		if x.Weight == "refuse" {
			return fault.New(fault.Invalid, "pdf_active_content").Field("files").With("finding", x.Code)
		}
	}
	return nil
}
