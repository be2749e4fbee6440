package augment_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/augment"
	"congvan/signing/cms"
	"congvan/signing/pades"
	"congvan/signing/pdf"
	"congvan/signing/signingtest"
	"congvan/signing/softkey"
	"congvan/signing/trust"
	"congvan/signing/tsp"
	"congvan/signing/validation"
)

// world has a leader and an agency under an authority that answers, and what raises their
// signatures.
type world struct {
	*signingtest.Online
	t              *testing.T
	engine         *pades.Engine
	trust          *trust.Store
	leader, agency *signingtest.Identity
}

func newWorld(t *testing.T) *world {
	t.Helper()
	o := signingtest.NewOnline(t)
	w := &world{
		Online: o, t: t, engine: pades.New(pades.Options{}),
		leader: o.Signer(signingtest.Spec{CN: "Nguyễn Văn Thử", O: "Sở Thử nghiệm"}),
		agency: o.Signer(signingtest.Spec{CN: "Sở Thử nghiệm", O: "Sở Thử nghiệm", OrganID: "H99.14"}),
	}
	w.trust = w.believe("127.0.0.1")
	return w
}

func (w *world) believe(hosts ...string) *trust.Store {
	w.t.Helper()
	o := trust.Options{Anchors: []*x509.Certificate{w.Root.Cert}, Clock: time.Now}
	if len(hosts) > 0 {
		guard, err := trust.NewGuard(trust.GuardOptions{Hosts: hosts, Clock: time.Now})
		w.must(err)
		o.Fetcher = guard
	}
	s, err := trust.New(o)
	w.must(err)
	return s
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) server(url string) augment.TSA {
	w.t.Helper()
	c, err := tsp.NewClient(tsp.Options{URL: url, Rand: rand.Reader, Timeout: 5 * time.Second})
	w.must(err)
	return c
}

func (w *world) augmenter(urls ...string) *augment.Augmenter {
	w.t.Helper()
	o := augment.Options{Engine: w.engine, Trust: w.trust}
	for _, u := range urls {
		o.TSA = append(o.TSA, w.server(u))
	}
	a, err := augment.New(o)
	w.must(err)
	return a
}

// twice signs the sample as leader and then as agency, at level B-B but for what late says
// of the leader's; the last signature keeps so many bytes.
func (w *world) twice(reserve int, stamp *augment.Augmenter) []byte {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "cong-van-1.pdf"))
	w.must(err)
	data = w.sign(data, w.leader, signing.Request{
		Field: "Leader", Place: signing.Place{Page: 1}, Time: time.Now(), Lock: &signing.Lock{Action: signing.LockExclude, Fields: []string{"Agency"}},
		Create: []signing.FieldSpec{{
			Name: "Agency", Kind: signing.FieldSignature, Place: signing.Place{Page: 1, X: 90, Y: 260, W: 20, H: 20}, Lock: &signing.Lock{Action: signing.LockAll},
		}},
	}, stamp)
	return w.sign(data, w.agency, signing.Request{Field: "Agency", Time: time.Now(), Reserve: reserve}, nil)
}

func (w *world) sign(data []byte, who *signingtest.Identity, r signing.Request, stamp *augment.Augmenter) []byte {
	w.t.Helper()
	p, err := w.engine.Prepare(w.t.Context(), file(data), r)
	w.must(err)
	der, err := w.engine.BuildCMS(w.t.Context(), p.Digest, signing.Credential{KeyURI: who.KeyFile(w.t), Chain: who.Chain},
		softkey.Keys{Rand: rand.Reader}, signing.SignOptions{Hash: crypto.SHA256})
	w.must(err)
	if stamp != nil {
		der, err = stamp.Timestamp(w.t.Context(), der)
		w.must(err)
	}
	tail, err := p.Complete(der)
	w.must(err)
	return append(bytes.Clone(data), tail...)
}

func (w *world) judge(data []byte, t *trust.Store) *signing.Report {
	w.t.Helper()
	r, err := validation.New(validation.Options{Trust: t, Clock: time.Now}).Validate(w.t.Context(), file(data), time.Now())
	w.must(err)
	return r
}

func file(data []byte) signing.File {
	return signing.File{R: bytes.NewReader(data), Size: int64(len(data))}
}

// signature is what a field holds and the digest of what it covers.
func (w *world) signature(data []byte, field string) (contents []byte, ranges []int64, digest [32]byte) {
	w.t.Helper()
	f, err := pdf.Open(w.t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	w.must(err)
	fields, err := f.Fields()
	w.must(err)
	for _, x := range fields {
		if x.Name != field {
			continue
		}
		d, err := f.Dict(x.Value)
		w.must(err)
		for _, n := range d["ByteRange"].(pdf.Array) {
			ranges = append(ranges, n.(int64))
		}
		h := sha256.New()
		h.Write(data[:ranges[1]])
		h.Write(data[ranges[2] : ranges[2]+ranges[3]])
		return d["Contents"].(pdf.String), ranges, [32]byte(h.Sum(nil))
	}
	w.t.Fatalf("no field %s", field)
	return nil, nil, digest
}

// A timestamp that comes late changes nothing but unsigned attributes within the newest
// signature's own Contents, and the validator takes it.
func TestTimestampLate(t *testing.T) {
	w := newWorld(t)
	before := w.twice(0, nil)
	patch, err := w.augmenter(w.TSA).TimestampLate(t.Context(), file(before), "Agency")
	w.must(err)
	after := bytes.Clone(before)
	w.must(patch.Apply(after, 0))

	contents, ranges, digest := w.signature(before, "Agency")
	stamped, ranges2, digest2 := w.signature(after, "Agency")
	if len(after) != len(before) || digest != digest2 || !bytes.Equal(before[:ranges[1]+1], after[:ranges[1]+1]) || !bytes.Equal(before[ranges[2]-1:], after[ranges[2]-1:]) {
		t.Fatal("more than the digits of the newest Contents changed")
	}
	for i := range ranges {
		if ranges[i] != ranges2[i] {
			t.Fatalf("ByteRange %v became %v", ranges, ranges2)
		}
	}
	w.must(cms.SameButUnsigned(contents, stamped))
	if sd, err := cms.Parse(stamped); err != nil || sd.Timestamp == nil {
		t.Fatalf("no timestamp in it: %v", err)
	}
	old, _, _ := w.signature(before, "Leader")
	if same, _, _ := w.signature(after, "Leader"); !bytes.Equal(old, same) {
		t.Fatal("the earlier signature was touched")
	}
	r := w.judge(after, w.trust)
	if r.Verdict != signing.Valid || r.Signatures[0].Level != "B-B" || r.Signatures[1].Level != "B-T" || r.Signatures[1].TimeSource != "timestamp" {
		t.Fatalf("%s: %+v", r.Verdict, r.Signatures)
	}
}

// Nothing but the newest signature is rewritten, and with nothing but itself.
func TestTimestampLateRefuses(t *testing.T) {
	w := newWorld(t)
	a := w.augmenter(w.TSA)
	data := w.twice(0, a)
	patch, err := a.TimestampLate(t.Context(), file(data), "Agency")
	w.must(err)
	stamped := bytes.Clone(data)
	w.must(patch.Apply(stamped, 0))
	tail, err := a.LongTerm(t.Context(), file(stamped), []string{"Leader", "Agency"}, signing.LevelLT)
	w.must(err)
	for name, x := range map[string]struct {
		data  []byte
		field string
		want  error
	}{
		"an earlier signature":       {data, "Leader", signing.ErrNotNewest},
		"something signed behind it": {append(bytes.Clone(stamped), tail...), "Agency", signing.ErrNotNewest},
		"a byte behind it":           {append(bytes.Clone(data), '\n'), "Agency", signing.ErrNotNewest},
		"no such field":              {data, "Nobody", signing.ErrFieldMissing},
		"a timestamp it has":         {stamped, "Agency", cms.ErrMalformed},
		"too little room":            {w.twice(2200, nil), "Agency", signing.ErrOverflow},
	} {
		if _, err := a.TimestampLate(t.Context(), file(x.data), x.field); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
	n, err := w.engine.Newest(t.Context(), file(data), "Agency")
	w.must(err)
	other, err := w.engine.SignatureCMS(t.Context(), file(w.twice(0, nil)), "Agency")
	w.must(err)
	if _, err := n.Replace(other); !errors.Is(err, cms.ErrMalformed) {
		t.Errorf("another signature's CMS: %v", err)
	}
	if err := patch.Apply(stamped[len(stamped)-10:], int64(len(stamped)-10)); !errors.Is(err, signing.ErrNotNewest) {
		t.Errorf("a patch beside its part: %v", err)
	}
}

// Both signatures of a file reach B-LTA for somebody who has nothing but the root, and do
// again after a renewal.
func TestLongTerm(t *testing.T) {
	w := newWorld(t)
	a := w.augmenter(w.TSA)
	data := w.twice(0, a)
	patch, err := a.TimestampLate(t.Context(), file(data), "Agency")
	w.must(err)
	w.must(patch.Apply(data, 0))
	for round, level := range []signing.Level{signing.LevelLT, signing.LevelLTA, signing.LevelLTA} {
		tail, err := a.LongTerm(t.Context(), file(data), []string{"Leader", "Agency"}, level)
		w.must(err)
		data = append(data, tail...)
		r := w.judge(data, w.believe())
		if r.Verdict != signing.Valid || len(r.Timestamps) != round || r.Signatures[0].Level != string(level) || r.Signatures[1].Level != string(level) {
			t.Fatalf("round %d: %s %v: %+v", round, r.Verdict, r.Reasons, r.Signatures)
		}
	}
}

// What may pass is told from what will not.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	silent := w.ServeTSA(signingtest.TSASpec{Answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }})
	slow := w.ServeTSA(signingtest.TSASpec{Answer: func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(3 * time.Second):
		}
	}})
	stranger := signingtest.NewPKI(t, time.Now, rand.Reader).ServeTSA(signingtest.TSASpec{})
	data := w.twice(0, nil)
	for name, x := range map[string]struct {
		urls []string
		want error
	}{
		"down":                       {[]string{silent.URL}, signing.ErrTimestampUnavailable},
		"not to be believed":         {[]string{stranger.URL}, signing.ErrTimestampRejected},
		"one down, one not believed": {[]string{stranger.URL, silent.URL}, signing.ErrTimestampUnavailable},
		"slow":                       {[]string{slow.URL}, signing.ErrTimestampUnavailable},
		"the second answers":         {[]string{silent.URL, stranger.URL, w.TSA}, nil},
	} {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		if _, err := w.augmenter(x.urls...).TimestampLate(ctx, file(data), "Agency"); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
		stop()
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := w.augmenter(w.TSA).TimestampLate(ctx, file(data), "Agency"); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits for it: %v", err)
	}

	a := w.augmenter(w.TSA)
	if _, err := a.LongTerm(t.Context(), file(data), []string{"Agency"}, signing.LevelLT); !errors.Is(err, signing.ErrEvidenceAgainst) {
		t.Errorf("without a timestamp there is no time to prove: %v", err)
	}
	patch, err := a.TimestampLate(t.Context(), file(data), "Agency")
	w.must(err)
	w.must(patch.Apply(data, 0))
	w.trust = w.believe()
	if _, err := w.augmenter(w.TSA).LongTerm(t.Context(), file(data), []string{"Agency"}, signing.LevelLT); !errors.Is(err, signing.ErrEvidenceUnavailable) {
		t.Errorf("no answer about revocation: %v", err)
	}
	w.Revoke(w.agency.Cert, time.Now().Add(-time.Hour))
	w.trust = w.believe("127.0.0.1")
	if _, err := w.augmenter(w.TSA).LongTerm(t.Context(), file(data), []string{"Agency"}, signing.LevelLT); !errors.Is(err, signing.ErrEvidenceAgainst) {
		t.Errorf("a revoked certificate: %v", err)
	}
}

// A file extended in thought reads as one, and its hash state goes on.
func TestExtended(t *testing.T) {
	base, tail := []byte("những byte đã có"), []byte("phần nối thêm")
	h := sha256.New()
	h.Write(base)
	state, err := h.(interface{ MarshalBinary() ([]byte, error) }).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	f := file(base)
	f.HashState = state
	x := signing.Extended(f, tail)
	whole := append(bytes.Clone(base), tail...)
	for from := range whole {
		got := make([]byte, len(whole)-from)
		if n, err := x.R.ReadAt(got, int64(from)); n != len(got) || err != nil || !bytes.Equal(got, whole[from:]) {
			t.Fatalf("from %d: %q %v", from, got[:n], err)
		}
	}
	if _, err := x.R.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a negative offset")
	}
	h.Write(tail)
	want, _ := h.(interface{ MarshalBinary() ([]byte, error) }).MarshalBinary()
	if x.Size != int64(len(whole)) || !bytes.Equal(x.HashState, want) {
		t.Error("the state does not go on")
	}
	f.HashState = []byte("of another build")
	if got := signing.Extended(f, tail).HashState; got != nil {
		t.Errorf("a state that cannot be read is left out: %x", got)
	}
}
