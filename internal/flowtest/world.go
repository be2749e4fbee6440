// Package flowtest is an installation for tests: the invented agencies on a real database,
// with the real signing engine and validator; keys are files that ask for a PIN as a token
// does, and files live in memory. Two of them make an exchange.
package flowtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/demo"
	"congvan/internal/demo/images"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/register"
	"congvan/internal/store"
	"congvan/internal/testpdf"
	"congvan/signing"
	"congvan/signing/augment"
	"congvan/signing/pades"
	"congvan/signing/signingtest"
	"congvan/signing/softkey"
	"congvan/signing/trust"
	"congvan/signing/tsp"
	"congvan/signing/validation"
	"congvan/storage"
	"congvan/storage/memory"
)

// World is one installation. It serves one test at a time.
type World struct {
	T     *testing.T
	Flow  *flow.Flow
	Store *store.Store
	Blobs *memory.Store
	Site  demo.Site
	Jobs  []flow.Job // queued and not yet done
	Keys  *Keys
	TSA   *TSA // where signatures are asked to reach a level

	home  string // the agency that drafts, as its accounts name it
	trust *trust.Store
	clock *Clock
}

// Clock goes on by a second whenever it is looked at. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock stands at a Thursday morning in Vietnam.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 19, 2, 0, 0, 0, time.UTC)} }

// Now is the next second.
func (c *Clock) Now() time.Time { return c.step(time.Second) }

func (c *Clock) peek() time.Time { return c.step(0) }

// Add moves the clock on.
func (c *Clock) Add(d time.Duration) { c.step(d) }

func (c *Clock) step(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// PIN of every person's key.
const PIN = "246810"

// Keys gives file keys the one habit of a token that the flow must cope with: a wrong
// PIN is refused.
type Keys struct {
	softkey.Keys
	Fail  error        // what the token answers instead of signing
	Asked atomic.Int64 // times it was asked

	personal map[string]bool
}

// Sign refuses a wrong PIN of a person's key.
func (k *Keys) Sign(ctx context.Context, key string, digest []byte, o signing.SignOptions) ([]byte, error) {
	k.Asked.Add(1)
	if k.Fail != nil {
		return nil, k.Fail
	}
	if k.personal[key] {
		if string(o.PIN) != PIN {
			return nil, signing.ErrPINIncorrect
		}
		o.PIN = nil
	}
	return k.Keys.Sign(ctx, key, digest, o)
}

// believing is the trust of the test: the store of anchors and lists.
type believing struct {
	*trust.Store
	clock func() time.Time
}

func (b believing) CheckSigner(ctx context.Context, c flow.Credential) error {
	chain, err := signing.ParseChain(c.ChainPEM)
	if err != nil {
		return err
	}
	return b.Store.CheckSigner(ctx, chain, b.clock())
}

// Now is the time at which the world stands; looking does not move it.
func (w *World) Now() time.Time { return w.clock.peek() }

// Anchors are whom the world believes.
func (w *World) Anchors() []*x509.Certificate { return w.trust.Anchors() }

// New is the city of the demonstration, alone in the world. Its signatures are B-B.
func New(t *testing.T) *World {
	t.Helper()
	clock := NewClock()
	return newSite(t, 0, clock, signingtest.NewPKI(t, clock.peek, rand.Reader))
}

// NewAt is New with signatures that must reach a level, and a timestamp server for them.
func NewAt(t *testing.T, level signing.Level, grace time.Duration) *World {
	t.Helper()
	clock := NewClock()
	pki := signingtest.NewPKI(t, clock.peek, rand.Reader)
	w := newSite(t, 0, clock, pki)
	w.raise(pki, level, grace)
	return w
}

// NewPair is the city and the department of another province, with one clock and one
// authority between them.
func NewPair(t *testing.T) (a, b *World, clock *Clock) {
	t.Helper()
	clock = NewClock()
	pki := signingtest.NewPKI(t, clock.peek, rand.Reader)
	return newSite(t, 0, clock, pki), newSite(t, 1, clock, pki), clock
}

// TSA is the timestamp server of a world, and whether it answers.
type TSA struct {
	Down  atomic.Bool
	Asked atomic.Int64
}

// raise has signatures reach a level.
func (w *World) raise(pki *signingtest.PKI, level signing.Level, grace time.Duration) {
	w.T.Helper()
	w.TSA = &TSA{}
	authority := signingtest.TSASpec{Identity: pki.TSA()}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.TSA.Asked.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil || w.TSA.Down.Load() {
			out.WriteHeader(http.StatusBadGateway)
			return
		}
		der, err := pki.Timestamp(body, authority)
		if err != nil {
			http.Error(out, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = out.Write(der)
	}))
	w.T.Cleanup(server.Close)
	client, err := tsp.NewClient(tsp.Options{URL: server.URL, Rand: rand.Reader})
	w.Must(err)
	w.Flow.Augmenter, err = augment.New(augment.Options{Engine: pades.New(pades.Options{}), TSA: []augment.TSA{client}, Trust: w.trust})
	w.Must(err)
	alone, err := trust.New(trust.Options{Anchors: w.trust.Anchors(), Clock: w.clock.Now})
	w.Must(err)
	w.Flow.Offline = validation.New(validation.Options{Trust: alone, Clock: w.clock.Now})
	w.Flow.Level, w.Flow.Grace = level, grace
}

func newSite(t *testing.T, site int, clock *Clock, pki *signingtest.PKI) *World {
	t.Helper()
	w := &World{
		T: t, Site: demo.Sites()[site], Keys: &Keys{personal: map[string]bool{}}, home: []string{"svd", "sm"}[site], clock: clock,
	}
	w.Keys.Keys = softkey.Keys{Rand: rand.Reader}
	db, err := store.Open(t.Context(), store.Options{
		Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "congvan.db"), Clock: clock.Now,
		Enqueuer: func(_ context.Context, _ *sql.Tx, j flow.Job) error { w.Jobs = append(w.Jobs, j); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Store, w.Blobs = db, memory.New(t)
	crl := filepath.Join(t.TempDir(), "issuing.crl")
	root := filepath.Join(t.TempDir(), "root.crl")
	w.Must(os.WriteFile(crl, pki.CRL(pki.Issuing, signingtest.CRLSpec{}), 0o600))
	w.Must(os.WriteFile(root, pki.CRL(pki.Root, signingtest.CRLSpec{}), 0o600))
	anchors := append(pki.Root.Chain[:0:0], pki.Root.Cert)
	ts, err := trust.New(trust.Options{Anchors: anchors, CRLFiles: []string{crl, root}, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	w.trust = ts
	w.seed(pki)
	w.Flow = flow.New(flow.Ports{
		Store: db, Blobs: w.Blobs, Engine: pades.New(pades.Options{}), Validator: validation.New(validation.Options{Trust: ts, Clock: clock.Now}),
		Keys: w.Keys, Trust: believing{ts, clock.Now}, Clock: clock.Now, Rand: rand.Reader,
	}, flow.Limits{})
	return w
}

// Must ends the test on an error.
func (w *World) Must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

func (w *World) seed(pki *signingtest.PKI) {
	w.T.Helper()
	w.Must(w.Store.Administer(w.T.Context(), func(tx store.Admin) error {
		w.Must(tx.PutCalendar(calendar.Demonstration()))
		for _, a := range w.Site.Agencies {
			w.Must(tx.PutAgency(a.Agency))
			if !a.Local {
				continue
			}
			for _, u := range a.Units {
				w.Must(tx.PutUnit(u))
			}
			seal := pki.Agency(a.Name, a.Codes[0].Value)
			w.Must(tx.PutCredential(w.credential(flow.OwnerAgency, a.ID, seal, images.Seal(images.SealText{Agency: a.Name}))))
			for _, s := range a.Staff {
				w.Must(tx.PutPerson(s.Person))
				w.Must(tx.PutPosition(s.Position))
				if s.Authority == nil {
					continue
				}
				w.Must(tx.PutAuthority(*s.Authority))
				id := pki.Person(s.Person.FullName, a.Name)
				c := w.credential(flow.OwnerPerson, s.Person.ID, id, images.Signature(s.Person.FullName))
				w.Keys.personal[c.KeyURI] = true
				w.Must(tx.PutCredential(c))
			}
		}
		return nil
	}))
}

func (w *World) credential(owner flow.Owner, id string, x *signingtest.Identity, image []byte) flow.Credential {
	return flow.Credential{
		ID: "crd-" + id, Owner: owner, OwnerID: id, KeyURI: x.KeyFile(w.T), ChainPEM: signingtest.PEM(x.Chain...),
		Fingerprint: signing.Fingerprint(x.Cert), Image: image, SealMM: images.SealDiameterMM, Demo: true,
	}
}

// Who is a member of an agency's staff: "cv.svd".
func (w *World) Who(username string) flow.Actor {
	w.T.Helper()
	for _, a := range w.Site.Agencies {
		for _, s := range a.Staff {
			if s.Username == username {
				return flow.Actor{
					AccountID: "acc-" + username, PersonID: s.Person.ID, PersonName: s.Person.FullName, PositionID: s.Position.ID,
					Title: s.Position.Title, AgencyID: a.ID, UnitID: s.Position.UnitID, Roles: s.Position.Roles,
				}
			}
		}
	}
	w.T.Fatalf("nobody is called %s", username)
	return flow.Actor{}
}

// Upload keeps a file as the API does.
func (w *World) Upload(a flow.Actor, name string, b []byte) flow.Upload {
	w.T.Helper()
	u, err := w.Flow.KeepUpload(w.T.Context(), a, flow.Spooled{
		Name: name, R: bytes.NewReader(b), Size: int64(len(b)), Key: storage.Key(sha256.Sum256(b)),
	})
	w.Must(err)
	return u
}

// Sample is a file of testdata/pdf.
func Sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testpdf.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Draft begins a công văn with an annex at the home agency: Sở Ví dụ in the city, Sở Mẫu
// in the other province. The sample names the leader of the first.
func (w *World) Draft(recipients ...string) document.Outgoing {
	w.T.Helper()
	cv := w.Who("cv." + w.home)
	main := w.Upload(cv, "cong-van.pdf", Sample(w.T, "cong-van-1.pdf"))
	annex := w.Upload(cv, "phu-luc.pdf", Sample(w.T, "phu-luc.pdf"))
	if len(recipients) == 0 {
		recipients = []string{"H26.15"}
	}
	var layout *document.Layout
	if w.home != "svd" {
		p := flow.Proposal(1)
		layout = &document.Layout{Leader: p.Leader, Agency: p.Agency}
	}
	d, err := w.Flow.Draft(w.T.Context(), cv, flow.DraftInput{
		Metadata: document.Metadata{TypeCode: register.CongVan, Subject: "V/v phối hợp cung cấp số liệu gửi, nhận văn bản điện tử"},
		SignerID: w.Who("gd." + w.home).PositionID, Recipients: recipients,
		Files:  []flow.FileInput{{Role: document.Main, UploadID: main.ID}, {Role: document.Annex, UploadID: annex.ID}},
		Layout: layout,
	})
	w.Must(err)
	return d
}

// Approve takes a draft through both approvals.
func (w *World) Approve(d document.Outgoing) document.Outgoing {
	w.T.Helper()
	ctx := w.T.Context()
	_, err := w.Flow.Submit(ctx, w.Who("cv."+w.home), d.ID)
	w.Must(err)
	_, err = w.Flow.ApproveContent(ctx, w.Who("tp."+w.home), d.ID, d.Manifest())
	w.Must(err)
	d, err = w.Flow.ApproveFormat(ctx, w.Who("tt."+w.home), d.ID, d.Manifest())
	w.Must(err)
	return d
}

// Approved is a draft with both approvals.
func (w *World) Approved(recipients ...string) document.Outgoing {
	w.T.Helper()
	return w.Approve(w.Draft(recipients...))
}

// Sign has the head of the home agency sign what was approved.
func (w *World) Sign(d document.Outgoing) (document.Outgoing, error) {
	return w.Flow.Sign(w.T.Context(), w.Who("gd."+w.home), d.ID, flow.SignInput{
		Viewed: document.MainFile(d.Files).Version.Blob, PIN: []byte(PIN),
	})
}

// Seal takes a draft up to the agency's signature.
func (w *World) Seal(d document.Outgoing) document.Outgoing {
	w.T.Helper()
	ctx := w.T.Context()
	d, err := w.Sign(w.Approve(d))
	w.Must(err)
	d, err = w.Flow.Number(ctx, w.Who("vt."+w.home), d.ID, flow.NumberInput{})
	w.Must(err)
	d, err = w.Flow.Seal(ctx, w.Who("vt."+w.home), d.ID)
	w.Must(err)
	return d
}

// Sealed is a document with both signatures.
func (w *World) Sealed(recipients ...string) document.Outgoing {
	w.T.Helper()
	return w.Seal(w.Draft(recipients...))
}

// In lets the world report to a sub-test until that ends.
func (w *World) In(t *testing.T) {
	parent := w.T
	w.T = t
	t.Cleanup(func() { w.T = parent })
}

// Work runs the jobs that are due, and what they queue, until none is left.
func (w *World) Work() {
	w.T.Helper()
	for i := 0; i < len(w.Jobs); {
		j := w.Jobs[i]
		if j.RunAt.After(w.Now()) {
			i++
			continue
		}
		w.Jobs, i = slices.Delete(w.Jobs, i, i+1), 0
		w.Must(w.Do(j))
	}
}

// Do does one job.
func (w *World) Do(j flow.Job) error {
	return map[flow.JobKind]func(context.Context, string) error{
		flow.JobDeliver: w.Flow.Deliver, flow.JobDispatch: w.Flow.Dispatch, flow.JobValidate: w.Flow.Validate, flow.JobNotify: w.Flow.Notify, flow.JobVerify: w.Flow.Verify,
		flow.JobLevel: w.Flow.Raise, flow.JobChange: w.Flow.SendChange,
	}[j.Kind](w.T.Context(), j.ID)
}

// Wait moves the clock on and runs what is due then.
func (w *World) Wait(d time.Duration) {
	w.T.Helper()
	w.clock.Add(d)
	w.Work()
}

// Bytes reads a version's blob.
func (w *World) Bytes(v document.Version) []byte {
	w.T.Helper()
	key, err := storage.ParseKey(v.Blob)
	w.Must(err)
	o, err := w.Blobs.Open(w.T.Context(), key)
	w.Must(err)
	defer func() { _ = o.Close() }()
	b := make([]byte, o.Size())
	_, err = o.ReadAt(b, 0)
	if err != nil && err.Error() != "EOF" {
		w.T.Fatal(err)
	}
	return b
}
