package pades

import (
	"context"
	"crypto/sha1" //nolint:gosec // the standard names entries of VRI by SHA-1; it secures nothing
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/trust"
)

const (
	maxStored   = 1000     // members of each list of an existing store
	maxMaterial = 64 << 20 // bytes of one member
)

// LongTerm returns the update that adds validation material to the document security
// store (ISO 32000-2, 12.8.4.3; ETSI EN 319 142-1, 5.4.2), also under the entry of
// the signature in field. What the store holds already stays and is not doubled. The
// file continues with the returned bytes.
//
// Besides the reader's errors: signing.ErrFieldMissing when field is not signed.
func (e *Engine) LongTerm(ctx context.Context, f signing.File, field string, m trust.Evidence) (tail []byte, err error) {
	file, err := e.open(ctx, f)
	if err != nil {
		return nil, err
	}
	key, err := entryOf(file, field)
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", field, err)
	}
	u := &update{Update: pdf.NewUpdate(file), engine: e, file: file}
	root, err := u.root()
	if err != nil {
		return nil, err
	}
	store, err := file.Dict(root["DSS"])
	if err != nil {
		return nil, err
	}
	if store = maps.Clone(store); store == nil {
		store = pdf.Dict{}
	}
	entry := pdf.Dict{}
	certs := make([][]byte, len(m.Certificates))
	for i, c := range m.Certificates {
		certs[i] = c.Raw
	}
	for _, list := range []struct {
		all, own pdf.Name
		members  [][]byte
	}{{"Certs", "Cert", certs}, {"OCSPs", "OCSP", m.OCSP}, {"CRLs", "CRL", m.CRLs}} {
		if len(list.members) == 0 {
			continue
		}
		all, own, err := u.stored(store[list.all], list.members)
		if err != nil {
			return nil, err
		}
		store[list.all], entry[list.own] = all, own
	}
	related, err := file.Dict(store["VRI"])
	if err != nil {
		return nil, err
	}
	if related = maps.Clone(related); related == nil {
		related = pdf.Dict{}
	}
	related[key] = u.Add(entry)
	store["VRI"] = related
	if ref, ok := root["DSS"].(pdf.Ref); ok {
		u.Set(ref, store)
	} else {
		root["DSS"] = u.Add(store)
		u.Set(file.RootRef(), root)
	}
	return u.Bytes()
}

// entryOf is the name of a signature's own entry: SHA-1 over /Contents, in capitals.
func entryOf(file *pdf.File, field string) (pdf.Name, error) {
	_, value, err := signatureIn(file, field)
	if err != nil {
		return "", err
	}
	contents, _ := value["Contents"].(pdf.String)
	sum := sha1.Sum(contents) //nolint:gosec // see above
	return pdf.Name(strings.ToUpper(hex.EncodeToString(sum[:]))), nil
}

// stored adds members that a list of the store does not have yet. own refers to the
// members alone, wherever they stand.
func (u *update) stored(list pdf.Object, members [][]byte) (all, own pdf.Array, err error) {
	old, err := u.file.Array(list)
	if err != nil {
		return nil, nil, err
	}
	if len(old) > maxStored {
		return nil, nil, fmt.Errorf("%w: %d members in a list of the document security store", signing.ErrResourceLimit, len(old))
	}
	known := map[[32]byte]pdf.Object{}
	for _, item := range old {
		v, err := u.file.Resolve(item)
		if err != nil {
			return nil, nil, err
		}
		s, ok := v.(*pdf.Stream)
		if !ok {
			return nil, nil, fmt.Errorf("%w: the document security store holds what is no stream", signing.ErrTruncated)
		}
		data, err := u.file.Decode(s, maxMaterial)
		if err != nil {
			return nil, nil, err
		}
		known[sha256.Sum256(data)] = item
	}
	all = append(pdf.Array{}, old...)
	for _, der := range members {
		sum := sha256.Sum256(der)
		if known[sum] == nil {
			known[sum] = u.AddStream(nil, der, true)
			all = append(all, known[sum])
		}
		own = append(own, known[sum])
	}
	return all, own, nil
}
