package signcli

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pdf/pdftest"
	"congvan/signing/signingtest"
	"congvan/signing/trust"
	"congvan/signing/tsp"
)

// Every level is reached as asked for, by whoever's anchors: the signer's own, the root
// in the chain, the root fetched, the root named.
func TestLevels(t *testing.T) {
	w := newWorld(t)
	for _, level := range signing.Levels() {
		for _, root := range []string{"fetched", "in the chain", "named"} {
			t.Run(fmt.Sprintf("%s root %s", level, root), func(t *testing.T) {
				o := w.options(t, w.leader, level)
				switch root {
				case "in the chain":
					o.Credential.Chain = append(o.Credential.Chain[:2:2], w.Root.Cert)
				case "named":
					o.Trust = []string{w.RootFile}
				}
				report, err := Sign(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				if s := report.Signatures[0]; s.Level != string(level) || s.Integrity != "intact" {
					t.Errorf("own report: %+v", s)
				}
				if !bytes.HasPrefix(read(t, o.Out), read(t, o.In)) {
					t.Error("the input is no prefix of the result")
				}
				accepted(t, o.Out, 1)
				if r := w.verify(t, o.Out, w.hosts...); r.Verdict != signing.Valid || r.Signatures[0].Level != string(level) {
					t.Errorf("online: %s %v: %+v", r.Verdict, r.Reasons, r.Signatures)
				}
				offline := w.verify(t, o.Out)
				if want := map[bool]signing.Verdict{true: signing.Valid, false: signing.Unknown}[level.Reaches(LevelLT)]; offline.Verdict != want {
					t.Errorf("offline: %s, want %s: %+v", offline.Verdict, want, offline.Signatures)
				}
				if n := len(offline.Timestamps); n != map[bool]int{true: 1}[level == LevelLTA] {
					t.Errorf("%d document timestamps", n)
				}
			})
		}
	}
}

// A second signature at the top level goes on a file that has one already: the store
// grows without doubling, and both are proven offline.
func TestLongTermTwice(t *testing.T) {
	w := newWorld(t)
	first := w.options(t, w.leader, LevelLTA)
	if _, err := Sign(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := w.options(t, w.agency, LevelLTA)
	second.In = first.Out
	if _, err := Sign(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	accepted(t, second.Out, 2)
	r := w.verify(t, second.Out)
	if r.Verdict != signing.Valid || len(r.Signatures) != 2 || len(r.Timestamps) != 2 {
		t.Fatalf("%s %v: %+v %+v", r.Verdict, r.Reasons, r.Signatures, r.Timestamps)
	}
	for _, s := range r.Signatures {
		if s.Level != "B-LTA" || s.ChangesAft != "permitted" {
			t.Errorf("%+v", s)
		}
	}
	qdf := run(t, "qpdf", "--qdf", "--object-streams=disable", second.Out, "-")
	at := strings.LastIndex(qdf, "/Certs [")
	if at < 0 || strings.Count(strings.SplitN(qdf[at:], "]", 2)[0], " 0 R") != 5 { // leader, agency, issuing, root, TSA
		t.Errorf("the store holds other certificates: %.200s", qdf[max(at, 0):])
	}
	tampered := read(t, second.Out)
	tampered[1000] ^= 1
	if r := w.verify(t, save(t, "tampered.pdf", tampered)); r.Verdict == signing.Valid {
		t.Error("VALID with another byte")
	}
}

// What must stop a signature leaves nothing behind, and stops it before the key is used
// where the certificate is the reason.
func TestNothingIsWritten(t *testing.T) {
	w := newWorld(t)
	script := pdftest.New()
	script.Obj(1, "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>")
	script.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>")
	script.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>")
	script.Table("")
	w.Revoke(w.agency.Cert, time.Now().Add(-time.Hour))
	silent := w.ServeTSA(signingtest.TSASpec{Answer: func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }})
	for name, c := range map[string]struct {
		level  Level
		change func(o *SignOptions)
		want   error
	}{
		"no timestamp server": {LevelT, func(o *SignOptions) { o.TSA = silent.URL }, tsp.ErrUnavailable},
		"another authority's token": {LevelT, func(o *SignOptions) {
			o.Trust = []string{w.RootFile}
			o.TSA = w.LookAlike().ServeTSA(signingtest.TSASpec{}).URL
		}, ErrLevel},
		"a bad timestamp server": {LevelT, func(o *SignOptions) { o.TSA = w.ServeTSA(signingtest.TSASpec{Identity: w.BadTSA()}).URL }, tsp.ErrCertificate},
		"no revocation answer": {LevelLT, func(o *SignOptions) {
			o.Credential = credential(t, w.Issue(signingtest.Spec{CN: "x", Issuer: w.CA}))
		}, trust.ErrUnknown},
		"no root":                {LevelLT, func(o *SignOptions) { o.Credential = credential(t, w.Person("x", "y")) }, errNoRoot},
		"revoked, long-term":     {LevelLT, func(o *SignOptions) { o.Credential = credential(t, w.agency) }, trust.ErrRevoked},
		"revoked, anchors named": {LevelB, func(o *SignOptions) { o.Trust = []string{w.RootFile}; o.Credential = keyless(w.agency) }, trust.ErrRevoked},
		"not under the anchors":  {LevelB, func(o *SignOptions) { o.Trust = []string{w.RootFile}; o.Credential = keyless(w.SelfSigned("x")) }, trust.ErrUntrusted},
		"expired":                {LevelB, func(o *SignOptions) { o.Credential = keyless(w.Expired("x")) }, trust.ErrExpired},
		"not yet valid":          {LevelB, func(o *SignOptions) { o.Credential = keyless(w.NotYetValid("x")) }, trust.ErrNotYetValid},
		"not for signing":        {LevelB, func(o *SignOptions) { o.Credential = keyless(w.WrongUsage("x")) }, trust.ErrUsage},
		"an authority's":         {LevelB, func(o *SignOptions) { o.Credential = keyless(w.CA) }, trust.ErrUsage},
		"another key":            {LevelB, func(o *SignOptions) { o.Credential.Chain = w.agency.Chain }, cms.ErrSignature},
		"no such key":            {LevelB, func(o *SignOptions) { o.Credential.KeyURI = "file:nowhere.pem" }, signing.ErrKeyNotFound},
		"JavaScript":             {LevelB, func(o *SignOptions) { o.In = save(t, "js.pdf", script.Bytes()) }, ErrFinding},
		"encrypted":              {LevelB, func(o *SignOptions) { o.In = filepath.Join(filepath.Dir(o.In), "cong-van-1-owner-password.pdf") }, signing.ErrEncrypted},
		"no PDF":                 {LevelB, func(o *SignOptions) { o.In = filepath.Join(filepath.Dir(o.In), "not-a-pdf.pdf") }, signing.ErrNotPDF},
		"truncated":              {LevelB, func(o *SignOptions) { o.In = filepath.Join(filepath.Dir(o.In), "cong-van-1-truncated.pdf") }, signing.ErrTruncated},
		"off the page": {LevelB, func(o *SignOptions) {
			o.Request.Appearance = signing.Appearance{Look: signing.LookCopy, Lines: []string{"x"}}
			o.Request.Place = signing.Place{Page: 1, X: 500, Y: 500, W: 10, H: 10}
		}, signing.ErrPlace},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.options(t, w.leader, c.level)
			c.change(&o)
			_, err := Sign(t.Context(), o)
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			gone(t, o.Out)
		})
	}
}

// credential signs with an identity; keyless fails if its key is asked for at all.
func credential(t *testing.T, id *signingtest.Identity) signing.Credential {
	return signing.Credential{KeyURI: id.KeyFile(t), Chain: id.Chain}
}

func keyless(id *signingtest.Identity) signing.Credential {
	return signing.Credential{KeyURI: "the key was asked for", Chain: id.Chain}
}

// A file whose signature no longer holds is not signed on top.
func TestBrokenBase(t *testing.T) {
	w := newWorld(t)
	o := w.options(t, w.leader, LevelB)
	if _, err := Sign(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	broken := read(t, o.Out)
	i := bytes.Index(broken, []byte("stream\n")) + 40
	broken[i] ^= 1
	again := w.options(t, w.agency, LevelB)
	again.In = save(t, "broken.pdf", broken)
	if _, err := Sign(t.Context(), again); !errors.Is(err, ErrRejected) {
		t.Errorf("signed on top of a broken signature: %v", err)
	}
	gone(t, again.Out)
}

// The text looks find their own place and say no more than who and when.
func TestTextLooks(t *testing.T) {
	w := newWorld(t)
	for _, look := range []signing.Look{signing.LookAttachment, signing.LookCopy} {
		o := w.options(t, w.leader, LevelB)
		o.Request.Appearance.Look = look
		if _, err := Sign(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		accepted(t, o.Out, 1)
		if text := run(t, "pdftotext", "-f", "1", "-l", "1", o.Out, "-"); !strings.Contains(text, "Nguyễn Văn Thử\n") || !strings.Contains(text, time.Now().Format("02-01-2006")) {
			t.Errorf("%s: the page does not show signer and time:\n%s", look, text)
		}
	}
}
