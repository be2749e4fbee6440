package pades

import (
	"context"
	"crypto"
	"fmt"

	"congvan/signing"
	"congvan/signing/pdf"
)

// PrepareTimestamp builds the update that adds a document timestamp (ISO 32000-2,
// 12.8.5; ETSI EN 319 142-1, 5.4.3) in a new field that shows nothing. It is completed
// with a timestamp token over Digest, which is SHA-256. reserve 0 means 32 KiB.
//
// A document timestamp only proves when everything before it existed: neither
// certification nor locks forbid it.
func (e *Engine) PrepareTimestamp(ctx context.Context, f signing.File, field string, reserve int) (*signing.Prepared, error) {
	file, err := e.open(ctx, f)
	if err != nil {
		return nil, err
	}
	if reserve < 0 || reserve > maxReserve {
		return nil, fmt.Errorf("pades: %d bytes for /Contents; at most %d", reserve, maxReserve)
	}
	u := &update{Update: pdf.NewUpdate(file), ctx: ctx, engine: e, file: file}
	if u.archive, err = readArchive(file); err != nil {
		return nil, err
	}
	if reserve == 0 {
		reserve = u.archive.reserve()
	}
	if u.form, err = readForm(file); err != nil {
		return nil, err
	}
	if u.locks, err = readLocks(file, u.form); err != nil {
		return nil, err
	}
	if err := u.form.free(field); err != nil {
		return nil, fmt.Errorf("field %q: %w", field, err)
	}
	w, err := u.newWidget(field, "Sig", signing.Place{Page: 1})
	if err != nil {
		return nil, err
	}
	contents, byteRange := u.engine.placeholders(reserve)
	w.dict["F"] = int64(flagPrint | flagLocked)
	w.dict["V"] = u.Add(pdf.Dict{
		"Type": pdf.Name("DocTimeStamp"), "Filter": pdf.Name("Adobe.PPKLite"), "SubFilter": pdf.Name("ETSI.RFC3161"),
		"Contents": contents, "ByteRange": byteRange,
	})
	w.unseen(u)
	if err := u.place(w); err != nil {
		return nil, err
	}
	if err := u.writeForm(); err != nil {
		return nil, err
	}
	tail, err := u.Bytes()
	if err != nil {
		return nil, err
	}
	return e.digest(ctx, f, tail, contents, byteRange, signing.Request{Hash: crypto.SHA256, Reserve: reserve})
}
