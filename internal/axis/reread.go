package axis

import (
	"context"
	"io"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/storage"
)

// Reread reads a message that was set aside once more, from its stored bytes, and hands it
// over as if it had just come; the axis, which was told "done", is not asked.
func (in *Inbox) Reread(ctx context.Context, p document.Parcel) error {
	key, err := storage.ParseKey(p.RawKey)
	if err != nil {
		return fault.New(fault.Internal, "storage_failed").Wrap(err)
	}
	raw, err := in.Blobs.Open(ctx, key)
	if err != nil {
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	defer func() { _ = raw.Close() }()
	said, err := in.read(ctx, p, io.NewSectionReader(raw, 0, raw.Size()))
	return in.hand(ctx, p, said, err)
}
