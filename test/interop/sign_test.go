//go:build interop

package interop

import (
	"context"
	"crypto"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"time"

	"congvan/internal/flow"
	"congvan/internal/signcli"
	"congvan/signing"
)

// artifact is a file to be judged, with what each program is to say about it.
type artifact struct {
	Path       string          `json:"-"`
	Name       string          `json:"name"`
	Kind       string          `json:"kind"`
	By         string          `json:"by"` // who signed it
	What       string          `json:"what"`
	Signatures []want          `json:"signatures"`
	Refused    map[string]bool `json:"refused,omitempty"` // programs that must refuse it; the others accept it
}

// want is a signature that a file carries and the level that was asked for.
type want struct {
	Field string        `json:"field"`
	Level signing.Level `json:"level"`
}

// evidenceBeside tells whether another signature brought evidence into the file, which
// may raise this one as well.
func (a artifact) evidenceBeside(i int) bool {
	return slices.ContainsFunc(slices.Concat(a.Signatures[:i], a.Signatures[i+1:]), func(s want) bool { return s.Level.Reaches(signing.LevelLT) })
}

var hashes = map[int]crypto.Hash{256: crypto.SHA256, 384: crypto.SHA384, 512: crypto.SHA512}

// Fields of a leader's signature in a file that the agency is to sign as well.
var later = []string{flow.FieldNumber, flow.FieldDay, flow.FieldMonth, flow.FieldAgency}

// make signs as a plan says.
func (w *world) make(n int, p plan, files map[string]string) (artifact, error) {
	a := artifact{Name: fmt.Sprintf("%03d", n), Kind: p.input(), By: "congvan"}
	in := files[p.input()]
	for i, c := range p.signatures {
		request := w.request(c, flow.FieldSigner, len(p.signatures) > 1)
		role := leader
		if i > 0 {
			request, role = w.sealRequest(c), agency
			a.What += " + "
		}
		out := w.path(fmt.Sprintf("%03d-%d.pdf", n, i+1))
		if err := w.sign(w.t.Context(), in, out, c, role, request); err != nil {
			return a, fmt.Errorf("%s, %s: %w", p.input(), c, err)
		}
		if i > 0 {
			must(w.t, os.Remove(in))
		}
		in = out
		a.What += c.String()
		a.Signatures = append(a.Signatures, want{request.Field, c.level()})
	}
	a.Path = in
	if p.bareTimestamp() {
		a.Refused = set([]string{pyHanko})
	}
	return a, nil
}

// bareTimestamp tells that the first signature forbids every change (P=1) in a PDF/A-1 that
// then gets an archive timestamp. veraPDF wants an appearance for its field (ISO 19005-1,
// 6.9-2), and pyHanko takes any new appearance for a form that was filled, of EU DSS too.
func (p plan) bareTimestamp() bool {
	return p.input() == "PDF/A-1b" && certify[p.signatures[0][dimCertify]] == 1 &&
		slices.ContainsFunc(p.signatures, func(c choice) bool { return c.level() == signing.LevelLTA })
}

// request places one signature in the empty part of the first page. With more to come
// it makes the fields that are filled later and locks the rest, as internal/flow does.
func (w *world) request(c choice, field string, more bool) signing.Request {
	r := signing.Request{
		Field: field, Place: place(c.look()), Certify: certify[c[dimCertify]],
		Appearance: w.appearance(c.look()), Hash: hashes[digests[c[dimDigest]]],
		Name: "Nguyễn Văn Thử", Reason: "Phát hành (thử nghiệm)", Location: "Hà Nội",
	}
	if !more {
		return r
	}
	text := func(name string, x float64) signing.FieldSpec {
		return signing.FieldSpec{Name: name, Kind: signing.FieldText, Place: signing.Place{Page: 1, X: x, Y: 262, W: 20, H: 7}}
	}
	seal := &signing.Lock{Action: signing.LockExclude, Fields: signing.TimestampFields()}
	r.Lock = &signing.Lock{Action: signing.LockExclude, Fields: slices.Concat(later, signing.TimestampFields())}
	if c.input() == "AcroForm" {
		// Locks over the fields that were there make pyHanko 0.38 refuse every later
		// revision; internal/flow flattens those fields before the first signature.
		r.Lock = &signing.Lock{Action: signing.LockInclude, Fields: []string{field}}
		seal = &signing.Lock{Action: signing.LockInclude, Fields: append([]string{field}, later...)}
	}
	r.Create = []signing.FieldSpec{
		text(flow.FieldNumber, 30), text(flow.FieldDay, 55), text(flow.FieldMonth, 80),
		{
			Name: flow.FieldAgency, Kind: signing.FieldSignature,
			Lock:  seal,
			Place: signing.Place{Page: 1, X: 100, Y: 222, W: 36, H: 36}, // over a third of the leader's mark
		},
	}
	return r
}

// sealRequest fills number and date and signs the field that the leader's signature made.
func (w *world) sealRequest(c choice) signing.Request {
	return signing.Request{
		Field: flow.FieldAgency, Appearance: w.appearance(c.look()), Hash: hashes[digests[c[dimDigest]]],
		Fill: []signing.FieldValue{
			{Name: flow.FieldNumber, Value: "125"}, {Name: flow.FieldDay, Value: "22"}, {Name: flow.FieldMonth, Value: "11"},
		},
	}
}

func place(look signing.Look) signing.Place {
	switch look {
	case signing.LookNone:
		return signing.Place{Page: 1}
	case signing.LookAttachment, signing.LookCopy:
		return signing.Place{Page: 1, X: 135, Y: 3, W: 70, H: 16}
	}
	return signing.Place{Page: 1, X: 120, Y: 225, W: 50, H: 30}
}

func (w *world) appearance(look signing.Look) signing.Appearance {
	a := signing.Appearance{Look: look}
	switch look {
	case signing.LookLeader, signing.LookInitials:
		a.Image = w.leader
	case signing.LookAgency:
		a.Image = w.seal
	case signing.LookAttachment, signing.LookCopy:
		a.Lines = []string{"125/STN-VP", "22/11/2026", "15:30:45"}
	}
	return a
}

// sign makes a signature as `congvan sign` does, with a key in the token.
func (w *world) sign(ctx context.Context, in, out string, c choice, role string, r signing.Request) error {
	s := w.signers[c.key()+role]
	_, err := signcli.Sign(ctx, signcli.SignOptions{
		In: in, Out: out, Request: r, Credential: signing.Credential{KeyURI: s.uri, Chain: s.Chain},
		Keys: w.tokens, PSS: c.pss(), Level: c.level(), TSA: w.TSA, Trust: []string{w.RootFile},
		Engine: w.engine, Clock: time.Now, Rand: rand.Reader, Warn: silent,
	})
	return err
}
