//go:build interop

package interop

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"congvan/internal/flow"
	"congvan/internal/signcli"
	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pdf"
	"congvan/signing/signingtest"
)

// violation is a file with something wrong and the programs that can see it. The others
// accept it, and that too is held: what a program does not see must not be forgotten.
type violation struct {
	what string
	by   []string
	make func() []byte
}

// violations makes one file of every kind of wrong.
func (w *world) violations(files map[string]string) []artifact {
	var out []artifact
	for i, v := range []violation{
		{"a byte is another", []string{pdfsig, openssl, pyHanko, euDSS, congvan}, func() []byte {
			data := read(w.t, w.one(files["LibreOffice"], choice{}, nil))
			at := bytes.Index(data, []byte("/Producer"))
			data[at+len("/Producer<FEFF00")] ^= 4
			return data
		}},
		{"a field filled after certification with P=1", []string{pyHanko, euDSS, congvan}, func() []byte {
			c := choice{}
			c[dimCertify] = 1
			return w.filled(read(w.t, w.one(files["AcroForm"], c, nil)), "Truong1", "sửa sau khi chứng nhận")
		}},
		{"a locked field filled", []string{pyHanko, congvan}, func() []byte {
			lock := &signing.Lock{Action: signing.LockInclude, Fields: []string{"Truong1"}}
			return w.filled(read(w.t, w.one(files["AcroForm"], choice{}, lock)), "Truong1", "sửa sau khi khóa")
		}},
		{"a field added under a lock over all", []string{pyHanko, euDSS, congvan}, func() []byte {
			data := read(w.t, w.one(files["LibreOffice"], choice{}, &signing.Lock{Action: signing.LockAll}))
			return extended(w.t, data, func(f *pdf.File, u *pdf.Update) { w.addAnnotation(f, u, "Tx") })
		}},
		{"the number changed after the seal", []string{pyHanko, congvan}, func() []byte {
			return w.filled(w.sealed(files), flow.FieldNumber, "999")
		}},
		{"the page changed after the seal", []string{pyHanko, euDSS, congvan}, func() []byte {
			return w.overlaid(w.sealed(files))
		}},
		{"another content stream over the page", []string{pyHanko, euDSS, congvan}, func() []byte {
			c := choice{}
			c[dimLevel] = 2
			return w.overlaid(read(w.t, w.one(files["LibreOffice"], c, nil)))
		}},
		{"the page's content replaced", []string{pyHanko, euDSS, congvan}, func() []byte {
			data := read(w.t, w.one(files["xref stream"], choice{}, nil))
			return extended(w.t, data, func(_ *pdf.File, u *pdf.Update) {
				u.SetStream(pdf.Ref{Num: 4}, pdf.Dict{}, []byte("BT /F1 14 Tf 72 760 Td (NOI DUNG KHAC) Tj ET"), false)
			})
		}},
		{"a note over certified text", []string{pyHanko, euDSS, congvan}, func() []byte {
			c := choice{}
			c[dimCertify] = 2
			data := read(w.t, w.one(files["LibreOffice"], c, nil))
			return extended(w.t, data, func(f *pdf.File, u *pdf.Update) { w.addAnnotation(f, u, "") })
		}},
		{"a timestamp from another signature", []string{openssl, pyHanko, congvan}, func() []byte {
			return w.stampedByOther(files["LibreOffice"])
		}},
		{"the signer's certificate revoked before", []string{pyHanko, euDSS, congvan}, func() []byte {
			id := w.Signer(signingtest.Spec{CN: "Trần Thị Thu Hồi"})
			data := w.soft(files["LibreOffice"], id)
			w.Revoke(id.Cert, time.Now().Add(-time.Hour))
			return data
		}},
		{"a signer nobody knows", []string{openssl, pyHanko, euDSS, congvan}, func() []byte {
			return w.soft(files["LibreOffice"], w.LookAlike().Person("Nguyễn Văn Lạ", "Sở Lạ"))
		}},
	} {
		a := artifact{
			Name: fmt.Sprintf("v%02d", i), Kind: v.what, By: "violation", What: v.what, Refused: set(v.by),
			Signatures: []want{{Field: flow.FieldSigner}},
		}
		data := v.make()
		if a.Path = w.save(a.Name+".pdf", data); bytes.Contains(data, []byte("(AgencySignature)")) {
			a.Signatures = append(a.Signatures, want{Field: flow.FieldAgency})
		}
		out = append(out, a)
	}
	return out
}

// one signs a file once and returns its path.
func (w *world) one(in string, c choice, lock *signing.Lock) string {
	w.t.Helper()
	out := filepath.Join(w.dir, "base.pdf")
	r := w.request(c, flow.FieldSigner, false)
	r.Lock = lock
	must(w.t, w.sign(w.t.Context(), in, out, c, leader, r))
	return out
}

// sealed is a file with the leader's signature and the agency's on top.
func (w *world) sealed(files map[string]string) []byte {
	w.t.Helper()
	lt := choice{}
	lt[dimLevel], lt[dimLook] = 1, 1
	first, out := w.path("led.pdf"), w.path("sealed.pdf")
	must(w.t, w.sign(w.t.Context(), files["LibreOffice"], first, lt, leader, w.request(lt, flow.FieldSigner, true)))
	lt[dimLook] = 2
	must(w.t, w.sign(w.t.Context(), first, out, lt, agency, w.sealRequest(lt)))
	return read(w.t, out)
}

// soft signs with a key in memory, without asking anybody about the certificate.
func (w *world) soft(in string, id *signingtest.Identity) []byte {
	w.t.Helper()
	out := w.path("soft.pdf")
	_, err := signcli.Sign(w.t.Context(), signcli.SignOptions{
		In: in, Out: out, Request: w.request(choice{}, flow.FieldSigner, false), Credential: signing.Credential{Chain: id.Chain},
		Keys: softKeys{id}, Level: signing.LevelB, Engine: w.engine, Clock: time.Now, Rand: rand.Reader, Warn: silent,
	})
	must(w.t, err)
	return read(w.t, out)
}

// filled gives a text field another value, as a viewer would.
func (w *world) filled(data []byte, name, value string) []byte {
	w.t.Helper()
	return extended(w.t, data, func(f *pdf.File, u *pdf.Update) {
		fields, err := f.Fields()
		must(w.t, err)
		for _, field := range fields {
			if field.Name != name {
				continue
			}
			d, err := f.Dict(field.Ref)
			must(w.t, err)
			d = clone(d)
			d["V"] = pdf.TextString(value)
			u.Set(field.Ref, d)
			return
		}
		w.t.Fatalf("no field %s", name)
	})
}

func clone(d pdf.Dict) pdf.Dict {
	out := pdf.Dict{}
	for k, v := range d {
		out[k] = v
	}
	return out
}

// overlaid draws over the first page.
func (w *world) overlaid(data []byte) []byte {
	w.t.Helper()
	return extended(w.t, data, func(f *pdf.File, u *pdf.Update) {
		p, err := f.Page(1)
		must(w.t, err)
		d := clone(p.Dict)
		forged := u.AddStream(pdf.Dict{}, []byte("q 1 1 1 rg 60 400 400 200 re f Q"), false)
		d["Contents"] = pdf.Array{d["Contents"], forged}
		u.Set(p.Ref, d)
	})
}

// addAnnotation puts a text field of its own or, without a type, a note onto the page.
func (w *world) addAnnotation(f *pdf.File, u *pdf.Update, field pdf.Name) {
	w.t.Helper()
	p, err := f.Page(1)
	must(w.t, err)
	note := pdf.Dict{
		"Type": pdf.Name("Annot"), "Subtype": pdf.Name("FreeText"), "P": p.Ref, "F": int64(4), "DA": pdf.String("/Helv 12 Tf"),
		"Rect": pdf.Array{int64(60), int64(400), int64(460), int64(600)}, "Contents": pdf.TextString("Nội dung chèn thêm"),
	}
	page := clone(p.Dict)
	annots, err := f.Array(page["Annots"])
	must(w.t, err)
	if field != "" {
		delete(note, "Contents")
		note["Subtype"], note["FT"], note["T"], note["V"] = pdf.Name("Widget"), field, pdf.TextString("ChenThem"), pdf.TextString("x")
	}
	ref := u.Add(note)
	page["Annots"] = append(append(pdf.Array{}, annots...), ref)
	u.Set(p.Ref, page)
	if field == "" {
		return
	}
	form, at, err := f.Form()
	must(w.t, err)
	form = clone(form)
	fields, err := f.Array(form["Fields"])
	must(w.t, err)
	form["Fields"] = append(append(pdf.Array{}, fields...), ref)
	if at != (pdf.Ref{}) {
		u.Set(at, form)
		return
	}
	root, err := f.Root()
	must(w.t, err)
	root = clone(root)
	root["AcroForm"] = form
	u.Set(f.RootRef(), root)
}

// stampedByOther puts the token of one signature into another.
func (w *world) stampedByOther(in string) []byte {
	w.t.Helper()
	c := choice{}
	c[dimLevel], c[dimKey] = 1, 3 // another key: the same one could give the same value
	ctx := w.t.Context()
	other, err := signaturesOf(ctx, read(w.t, w.one(in, c, nil)))
	must(w.t, err)
	data := read(w.t, w.one(in, choice{}, nil))
	own, err := signaturesOf(ctx, data)
	must(w.t, err)
	der, err := cms.SetTimestampToken(own[0].cms.Raw(), other[0].cms.Timestamp)
	must(w.t, err)
	before := []byte(hex.EncodeToString(own[0].cms.Raw()))
	at := bytes.Index(data, before)
	if at < 0 {
		w.t.Fatal("the signature is not where it should be")
	}
	copy(data[at:], hex.EncodeToString(der))
	must(w.t, os.Remove(w.path("base.pdf")))
	return data
}
