package flow

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"io"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/storage"
)

// extend stores base followed by tail and returns it as the next version. The hash of the
// result continues the kept state of base, so the cost does not depend on its size.
func (f *Flow) extend(ctx context.Context, a Actor, base document.Version, tail []byte, kind document.VersionKind) (document.Version, error) {
	prefix, err := storage.ParseKey(base.Blob)
	if err != nil {
		return base, fault.From(err)
	}
	key, state, err := f.continueHash(ctx, base, tail)
	if err != nil {
		return base, err
	}
	if err := f.Blobs.Compose(ctx, key, prefix, tail); err != nil {
		return base, storageFault(err)
	}
	id, err := f.newID("ver-")
	if err != nil {
		return base, err
	}
	return document.Version{
		ID: id, N: base.N + 1, Kind: kind, Blob: key.String(), Size: base.Size + int64(len(tail)), HashState: state,
		Pages: base.Pages, BaseBlob: base.Blob, CreatedAt: f.now(), CreatedBy: a.PositionID,
	}, nil
}

// continueHash is the SHA-256 of base + tail and its state. A state that this build
// cannot read falls back to a full hash.
func (f *Flow) continueHash(ctx context.Context, base document.Version, tail []byte) (storage.Key, []byte, error) {
	h := sha256.New()
	resumed := false
	if u, ok := h.(encoding.BinaryUnmarshaler); ok && len(base.HashState) > 0 {
		resumed = u.UnmarshalBinary(base.HashState) == nil
	}
	if !resumed {
		h = sha256.New()
		file, closer, err := f.open(ctx, base.Blob, nil)
		if err != nil {
			return storage.Key{}, nil, err
		}
		defer func() { _ = closer.Close() }()
		if _, err := io.Copy(h, io.NewSectionReader(file.R, 0, file.Size)); err != nil {
			return storage.Key{}, nil, storageFault(err)
		}
	}
	h.Write(tail)
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return storage.Key{}, nil, fault.New(fault.Internal, "internal")
	}
	state, err := m.MarshalBinary()
	if err != nil {
		return storage.Key{}, nil, fault.From(err)
	}
	var key storage.Key
	copy(key[:], h.Sum(nil))
	return key, state, nil
}

// digest is the SHA-256 in hex of a version's stored bytes, read whole.
func (f *Flow) digest(ctx context.Context, v document.Version) (string, error) {
	file, closer, err := f.open(ctx, v.Blob, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = closer.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(file.R, 0, file.Size)); err != nil {
		return "", storageFault(err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
