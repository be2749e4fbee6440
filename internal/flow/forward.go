package flow

import (
	"slices"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/workflow"
)

// original finds the received document that d hands on (chuyển tiếp), nil if it hands on
// none, and names it among what d refers to, by its issuer: the receiver holds the original's
// signatures against the issuer, the envelope against us.
func (f *Flow) original(tx ReadTx, a Actor, d *document.Outgoing) (*document.Incoming, error) {
	if d.Forwards == "" {
		return nil, nil //nolint:nilnil // most documents hand on none
	}
	in, _, err := f.incoming(tx, a, d.Forwards, workflow.Forward)
	if err != nil {
		return nil, err
	}
	if len(in.Files) == 0 {
		return nil, fault.New(fault.Conflict, "forward_nothing").Field("forwards")
	}
	ref := issuerOf(&in)
	if !slices.Contains(d.ResponseFor, ref) {
		d.ResponseFor = append(d.ResponseFor, ref)
	}
	return &in, nil
}

// issuerOf names a received document by who issued it: one that came under a transfer note
// is its first sender's however often it was handed on.
func issuerOf(in *document.Incoming) document.Reference {
	if first, ok := in.Forwarded(); ok {
		return first
	}
	return document.Reference{
		OrganID: in.From.OrganID, Code: in.CodeNumber + "/" + in.CodeNotation,
		DocumentID: in.DocumentID, PromulgationDate: in.IssuedDate,
	}
}

// enclose puts the original's files behind those of d, byte for byte as they were received
// and under the same hash: the signatures in them, with their evidence, stay as they are. Of
// a document that was itself handed on, only the issuer's files go further.
func (f *Flow) enclose(a Actor, d *document.Outgoing, original *document.Incoming) error {
	if original == nil {
		return nil
	}
	_, again := original.Forwarded()
	for _, x := range original.Files {
		if again && x.Role != document.Original {
			continue
		}
		file, err := f.fileFrom(Upload{
			Name: x.Name, MediaType: x.MediaType, Blob: x.Version.Blob, Size: x.Version.Size,
			HashState: x.Version.HashState, Pages: x.Version.Pages,
		}, document.Original, len(d.Files)+1, document.VersionReceived, a)
		if err != nil {
			return err
		}
		d.Files = append(d.Files, file)
	}
	return nil
}
