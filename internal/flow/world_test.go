package flow_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
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
	"congvan/signing/pades"
	"congvan/signing/signingtest"
	"congvan/signing/softkey"
	"congvan/signing/trust"
	"congvan/signing/validation"
	"congvan/storage"
	"congvan/storage/memory"
)

// world is one installation with the invented agencies: a real database, engine and
// validator; keys are files that ask for a PIN like a token does.
type world struct {
	t     *testing.T
	flow  *flow.Flow
	store *store.Store
	blobs *memory.Store
	site  demo.Site
	now   time.Time
	jobs  []flow.Job
	keys  *pinned
}

const pin = "246810"

// pinned gives file keys the one habit of a token that the flow must cope with: a wrong
// PIN is refused.
type pinned struct {
	softkey.Keys
	personal map[string]bool
	fail     error // what the token answers instead of signing
	asked    int
}

func (k *pinned) Sign(ctx context.Context, key string, digest []byte, o signing.SignOptions) ([]byte, error) {
	k.asked++
	if k.fail != nil {
		return nil, k.fail
	}
	if k.personal[key] {
		if string(o.PIN) != pin {
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

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, site: demo.Sites()[0], now: time.Date(2026, 11, 19, 2, 0, 0, 0, time.UTC), keys: &pinned{personal: map[string]bool{}}}
	w.keys.Keys = softkey.Keys{Rand: rand.Reader}
	clock := func() time.Time { w.now = w.now.Add(time.Second); return w.now }
	db, err := store.Open(t.Context(), store.Options{
		Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "congvan.db"), Clock: clock,
		Enqueuer: func(_ context.Context, _ *sql.Tx, j flow.Job) error { w.jobs = append(w.jobs, j); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.store, w.blobs = db, memory.New(t)
	pki := signingtest.NewPKI(t, func() time.Time { return w.now }, rand.Reader)
	crl := filepath.Join(t.TempDir(), "issuing.crl")
	root := filepath.Join(t.TempDir(), "root.crl")
	w.must(os.WriteFile(crl, pki.CRL(pki.Issuing, signingtest.CRLSpec{}), 0o600))
	w.must(os.WriteFile(root, pki.CRL(pki.Root, signingtest.CRLSpec{}), 0o600))
	ts, err := trust.New(trust.Options{Anchors: pki.Root.Chain[:0:0], CRLFiles: []string{crl, root}, Clock: clock})
	if err == nil {
		t.Fatal("no anchors must be refused")
	}
	if ts, err = trust.New(trust.Options{Anchors: append(pki.Root.Chain[:0:0], pki.Root.Cert), CRLFiles: []string{crl, root}, Clock: clock}); err != nil {
		t.Fatal(err)
	}
	w.seed(pki)
	w.flow = flow.New(flow.Ports{
		Store: db, Blobs: w.blobs, Engine: pades.New(pades.Options{}), Validator: validation.New(validation.Options{Trust: ts, Clock: clock}),
		Keys: w.keys, Trust: believing{ts, clock}, Clock: clock, Rand: rand.Reader,
	}, flow.Limits{})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) seed(pki *signingtest.PKI) {
	w.t.Helper()
	w.must(w.store.Administer(w.t.Context(), func(tx store.Admin) error {
		w.must(tx.PutCalendar(calendar.Demonstration()))
		for _, a := range w.site.Agencies {
			w.must(tx.PutAgency(a.Agency))
			if !a.Local {
				continue
			}
			for _, u := range a.Units {
				w.must(tx.PutUnit(u))
			}
			seal := pki.Agency(a.Name, a.Codes[0].Value)
			w.must(tx.PutCredential(w.credential(flow.OwnerAgency, a.ID, seal, images.Seal(images.SealText{Agency: a.Name}))))
			for _, s := range a.Staff {
				w.must(tx.PutPerson(s.Person))
				w.must(tx.PutPosition(s.Position))
				if s.Authority == nil {
					continue
				}
				w.must(tx.PutAuthority(*s.Authority))
				id := pki.Person(s.Person.FullName, a.Name)
				c := w.credential(flow.OwnerPerson, s.Person.ID, id, images.Signature(s.Person.FullName))
				w.keys.personal[c.KeyURI] = true
				w.must(tx.PutCredential(c))
			}
		}
		return nil
	}))
}

func (w *world) credential(owner flow.Owner, id string, x *signingtest.Identity, image []byte) flow.Credential {
	return flow.Credential{
		ID: "crd-" + id, Owner: owner, OwnerID: id, KeyURI: x.KeyFile(w.t), ChainPEM: signingtest.PEM(x.Chain...),
		Fingerprint: signing.Fingerprint(x.Cert), Image: image, SealMM: images.SealDiameterMM, Demo: true,
	}
}

// who is a member of an agency's staff: "cv.svd".
func (w *world) who(username string) flow.Actor {
	w.t.Helper()
	for _, a := range w.site.Agencies {
		for _, s := range a.Staff {
			if s.Username == username {
				return flow.Actor{
					AccountID: "acc-" + username, PersonID: s.Person.ID, PersonName: s.Person.FullName, PositionID: s.Position.ID,
					Title: s.Position.Title, AgencyID: a.ID, UnitID: s.Position.UnitID, Roles: s.Position.Roles,
				}
			}
		}
	}
	w.t.Fatalf("nobody is called %s", username)
	return flow.Actor{}
}

func (w *world) upload(a flow.Actor, name string, b []byte) flow.Upload {
	w.t.Helper()
	u, err := w.flow.KeepUpload(w.t.Context(), a, flow.Spooled{
		Name: name, R: bytes.NewReader(b), Size: int64(len(b)), Key: storage.Key(sha256.Sum256(b)),
	})
	w.must(err)
	return u
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testpdf.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// draft begins a công văn of Sở Ví dụ with an annex.
func (w *world) draft(recipients ...string) document.Outgoing {
	w.t.Helper()
	cv := w.who("cv.svd")
	main := w.upload(cv, "cong-van.pdf", sample(w.t, "cong-van-1.pdf"))
	annex := w.upload(cv, "phu-luc.pdf", sample(w.t, "phu-luc.pdf"))
	if len(recipients) == 0 {
		recipients = []string{"H26.15"}
	}
	d, err := w.flow.Draft(w.t.Context(), cv, flow.DraftInput{
		Metadata: document.Metadata{TypeCode: register.CongVan, Subject: "V/v phối hợp cung cấp số liệu gửi, nhận văn bản điện tử"},
		SignerID: w.who("gd.svd").PositionID, Recipients: recipients,
		Files: []flow.FileInput{{Role: document.Main, UploadID: main.ID}, {Role: document.Annex, UploadID: annex.ID}},
	})
	w.must(err)
	return d
}

// approved takes a draft through both approvals.
func (w *world) approved(recipients ...string) document.Outgoing {
	w.t.Helper()
	d := w.draft(recipients...)
	ctx := w.t.Context()
	_, err := w.flow.Submit(ctx, w.who("cv.svd"), d.ID)
	w.must(err)
	_, err = w.flow.ApproveContent(ctx, w.who("tp.svd"), d.ID, d.Manifest())
	w.must(err)
	d, err = w.flow.ApproveFormat(ctx, w.who("tt.svd"), d.ID, d.Manifest())
	w.must(err)
	return d
}

func (w *world) sign(d document.Outgoing) (document.Outgoing, error) {
	return w.flow.Sign(w.t.Context(), w.who("gd.svd"), d.ID, flow.SignInput{
		Viewed: document.MainFile(d.Files).Version.Blob, PIN: []byte(pin),
	})
}

// sealed takes a document up to the agency's signature.
func (w *world) sealed(recipients ...string) document.Outgoing {
	w.t.Helper()
	d, err := w.sign(w.approved(recipients...))
	w.must(err)
	d, err = w.flow.Number(w.t.Context(), w.who("vt.svd"), d.ID, flow.NumberInput{})
	w.must(err)
	d, err = w.flow.Seal(w.t.Context(), w.who("vt.svd"), d.ID)
	w.must(err)
	return d
}

// work runs the jobs that wait, and what they queue, until none is left.
func (w *world) work() {
	w.t.Helper()
	do := map[flow.JobKind]func(context.Context, string) error{
		flow.JobDeliver: w.flow.Deliver, flow.JobValidate: w.flow.Validate, flow.JobNotify: w.flow.Notify, flow.JobVerify: w.flow.Verify,
	}
	for len(w.jobs) > 0 {
		j := w.jobs[0]
		w.jobs = slices.Delete(w.jobs, 0, 1)
		w.must(do[j.Kind](w.t.Context(), j.ID))
	}
}

// bytes reads a version's blob.
func (w *world) bytes(v document.Version) []byte {
	w.t.Helper()
	key, err := storage.ParseKey(v.Blob)
	w.must(err)
	o, err := w.blobs.Open(w.t.Context(), key)
	w.must(err)
	defer func() { _ = o.Close() }()
	b := make([]byte, o.Size())
	_, err = o.ReadAt(b, 0)
	if err != nil && err.Error() != "EOF" {
		w.t.Fatal(err)
	}
	return b
}
