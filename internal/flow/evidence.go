package flow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"

	"congvan/internal/fault"
	"congvan/signing"
	"congvan/storage"
)

// kept is the evidence of a verdict as it is stored (chứng cứ kiểm tra): everything small in
// one piece, each revocation list in its own, since thousands of verdicts share a large one.
type kept struct {
	Evidence []byte   `json:"evidence"` // as signing.Evidence encodes it, without lists
	CRLs     []string `json:"crls"`     // blobs, DER
}

const maxKept = 16 << 20 // bytes of a kept piece that is no list

// keepEvidence stores what a verdict stood on and answers the name of it; empty where it
// stood on nothing, as of a file that cannot be read.
func (f *Flow) keepEvidence(ctx context.Context, e *signing.Evidence) (string, error) {
	if e == nil {
		return "", nil
	}
	small := *e
	small.CRLs = nil
	k := kept{Evidence: small.Encode(), CRLs: []string{}}
	for _, der := range e.CRLs {
		key, err := f.putBytes(ctx, der)
		if err != nil {
			return "", err
		}
		k.CRLs = append(k.CRLs, key)
	}
	b, err := json.Marshal(k)
	if err != nil {
		return "", fault.From(err)
	}
	return f.putBytes(ctx, b)
}

func (f *Flow) putBytes(ctx context.Context, b []byte) (string, error) {
	key := storage.Key(sha256.Sum256(b))
	if err := f.Blobs.Put(ctx, key, int64(len(b)), bytes.NewReader(b)); err != nil {
		return "", storageFault(err)
	}
	return key.String(), nil
}

// Evidence reads what the newest verdict on these bytes stood on; NotFound where none is
// kept. Whether somebody may know of the bytes is decided before.
func (f *Flow) Evidence(ctx context.Context, blob string) (*signing.Evidence, error) {
	var name string
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		name, err = tx.Evidence(blob)
		return err
	})
	if err != nil {
		return nil, err
	}
	var k kept
	b, err := f.readBytes(ctx, name, maxKept)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return nil, fault.From(err)
	}
	e, err := signing.ParseEvidence(k.Evidence)
	if err != nil {
		return nil, fault.From(err)
	}
	for _, name := range k.CRLs {
		if b, err = f.readBytes(ctx, name, signing.MaxEvidence); err != nil {
			return nil, err
		}
		e.CRLs = append(e.CRLs, b)
	}
	return e, nil
}

// readBytes reads a small blob whole and makes sure that it is the one named.
func (f *Flow) readBytes(ctx context.Context, blob string, limit int64) ([]byte, error) {
	file, closer, err := f.open(ctx, blob, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = closer.Close() }()
	if file.Size > limit {
		return nil, fault.New(fault.Internal, "stored_bytes_differ").With("name", blob)
	}
	b, err := io.ReadAll(io.NewSectionReader(file.R, 0, file.Size))
	if err != nil {
		return nil, storageFault(err)
	}
	if storage.Key(sha256.Sum256(b)).String() != blob {
		return nil, fault.New(fault.Internal, "stored_bytes_differ").With("name", blob)
	}
	return b, nil
}
