package httpd

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"congvan/internal/account"
	"congvan/internal/auth"
	"congvan/internal/calendar"
	"congvan/internal/demo"
	"congvan/internal/demo/images"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/store"
	"congvan/internal/testpdf"
	"congvan/signing"
	"congvan/signing/pades"
	"congvan/signing/signingtest"
	"congvan/signing/softkey"
	"congvan/signing/trust"
	"congvan/signing/validation"
	"congvan/storage/memory"
	"congvan/storage/spool"
)

const (
	testPIN      = "24\"68\\10" // what a careless reader of JSON trips over
	testPassword = "mật khẩu thử 1"
	uploadLimit  = 8 << 20

	signer, sealer = "gd.svd", "a-svd" // the only ones with keys: keys and images take their time
)

// world is one installation of the invented agencies behind its HTTP face: real database,
// engine and validator; keys are files that ask for a PIN as a token does.
type world struct {
	t      *testing.T
	server *Server
	http   *httptest.Server
	flow   *flow.Flow
	store  *store.Store
	auth   *auth.Auth
	site   demo.Site
	router routers.Router
	log    *logged
	sick   error // what Health finds

	mu     sync.Mutex
	now    time.Time
	jobs   []flow.Job
	called map[string]bool // operations that answered 2xx
}

// logged is a log that can be searched while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// pinned gives file keys the one habit of a token that matters here: it wants its PIN.
type pinned struct {
	softkey.Keys
	personal map[string]bool
}

func (k *pinned) Sign(ctx context.Context, key string, digest []byte, o signing.SignOptions) ([]byte, error) {
	if k.personal[key] {
		if string(o.PIN) != testPIN {
			return nil, signing.ErrPINIncorrect
		}
		o.PIN = nil
	}
	return k.Keys.Sign(ctx, key, digest, o)
}

// believing is the trust of the test: anchors and lists.
type believing struct{ *trust.Store }

func (b believing) CheckSigner(ctx context.Context, c flow.Credential) error {
	chain, err := signing.ParseChain(c.ChainPEM)
	if err != nil {
		return err
	}
	return b.Store.CheckSigner(ctx, chain, testNow().Add(time.Hour))
}

func testNow() time.Time { return time.Date(2026, 11, 19, 2, 0, 0, 0, time.UTC) }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(time.Millisecond)
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, site: demo.Sites()[0], now: testNow(), called: map[string]bool{}, log: &logged{}}
	db, err := store.Open(t.Context(), store.Options{
		Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "congvan.db"), Clock: w.clock,
		Enqueuer: func(_ context.Context, _ *sql.Tx, j flow.Job) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.jobs = append(w.jobs, j)
			return nil
		},
	})
	w.must(err)
	t.Cleanup(func() { _ = db.Close() })
	w.must(db.Migrate(t.Context()))
	w.store = db
	keys := &pinned{Keys: softkey.Keys{Rand: rand.Reader}, personal: map[string]bool{}}
	believed := w.seed(keys)
	blobs := memory.New(t)
	w.flow = flow.New(flow.Ports{
		Store: db, Blobs: blobs, Engine: pades.New(pades.Options{}),
		Validator: validation.New(validation.Options{Trust: believed, Clock: w.clock}),
		Keys:      keys, Trust: believing{believed}, Clock: w.clock, Rand: rand.Reader,
	}, flow.Limits{UploadBytes: uploadLimit})
	catalogue, err := fault.NewCatalogue()
	w.must(err)
	w.auth, err = auth.New(auth.Options{
		Store: db, Sessions: db.Sessions(), Clock: w.clock, Rand: rand.Reader, Cost: auth.Cost{MemoryKiB: 64, Passes: 1, Threads: 1},
	})
	w.must(err)
	w.server, err = New(Deps{
		Flow: w.flow, Views: &query.Views{Store: db, Clock: w.clock}, Auth: w.auth, Blobs: blobs,
		Spool: spool.New(t.TempDir(), uploadLimit), Catalogue: catalogue, Clock: w.clock, Rand: rand.Reader,
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Explain: func(lang string, r *signing.Report) []string {
			return []string{lang + ": " + string(r.Verdict)}
		},
		Health: func(context.Context) []Check { return []Check{{"database", nil}, {"keys", w.sick}} },
		Demo:   true,
	})
	w.must(err)
	w.router, err = gorillamux.NewRouter(loadSpec(t))
	w.must(err)
	w.http = httptest.NewServer(w.server)
	t.Cleanup(w.http.Close)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// seed puts the agencies, their people with accounts, and their keys in.
func (w *world) seed(keys *pinned) *trust.Store {
	w.t.Helper()
	clock := func() time.Time { return testNow() }
	pki := signingtest.NewPKI(w.t, clock, rand.Reader)
	crl, root := filepath.Join(w.t.TempDir(), "issuing.crl"), filepath.Join(w.t.TempDir(), "root.crl")
	w.must(os.WriteFile(crl, pki.CRL(pki.Issuing, signingtest.CRLSpec{}), 0o600))
	w.must(os.WriteFile(root, pki.CRL(pki.Root, signingtest.CRLSpec{}), 0o600))
	believed, err := trust.New(trust.Options{Anchors: append(pki.Root.Chain[:0:0], pki.Root.Cert), CRLFiles: []string{crl, root}, Clock: w.clock})
	w.must(err)
	hash, err := auth.HashPassword(testPassword, auth.Cost{MemoryKiB: 64, Passes: 1, Threads: 1}, rand.Reader)
	w.must(err)
	credential := func(owner flow.Owner, id string, x *signingtest.Identity, image []byte) flow.Credential {
		return flow.Credential{
			ID: "crd-" + id, Owner: owner, OwnerID: id, KeyURI: x.KeyFile(w.t), ChainPEM: signingtest.PEM(x.Chain...),
			Fingerprint: signing.Fingerprint(x.Cert), Image: image, SealMM: images.SealDiameterMM, Demo: true,
		}
	}
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
			if a.ID == sealer {
				seal := pki.Agency(a.Name, a.Codes[0].Value)
				w.must(tx.PutCredential(credential(flow.OwnerAgency, a.ID, seal, images.Seal(images.SealText{Agency: a.Name}))))
			}
			for _, s := range a.Staff {
				w.must(tx.PutPerson(s.Person))
				w.must(tx.PutPosition(s.Position))
				w.must(tx.PutAccount(account.Account{ID: "acc-" + s.Username, Username: s.Username, PersonID: s.Person.ID, PasswordHash: hash, Language: "vi"}))
				if s.Authority == nil {
					continue
				}
				w.must(tx.PutAuthority(*s.Authority))
				if s.Username != signer {
					continue
				}
				c := credential(flow.OwnerPerson, s.Person.ID, pki.Person(s.Person.FullName, a.Name), images.Signature(s.Person.FullName))
				keys.personal[c.KeyURI] = true
				w.must(tx.PutCredential(c))
			}
		}
		return nil
	}))
	return believed
}

// staff is a member of an agency's staff: "cv.svd".
func (w *world) staff(username string) demo.Staff {
	w.t.Helper()
	for _, a := range w.site.Agencies {
		for _, s := range a.Staff {
			if s.Username == username {
				return s
			}
		}
	}
	w.t.Fatalf("nobody is called %s", username)
	return demo.Staff{}
}

// work runs the jobs that wait, and what they queue, until none is left; what is planned for
// later is dropped.
func (w *world) work() {
	w.t.Helper()
	do := map[flow.JobKind]func(context.Context, string) error{
		flow.JobDeliver: w.flow.Deliver, flow.JobValidate: w.flow.Validate, flow.JobNotify: w.flow.Notify, flow.JobVerify: w.flow.Verify,
		flow.JobLevel: w.flow.Raise, flow.JobChange: w.flow.SendChange,
	}
	for {
		w.mu.Lock()
		if len(w.jobs) == 0 {
			w.mu.Unlock()
			return
		}
		j := w.jobs[0]
		w.jobs = slices.Delete(w.jobs, 0, 1)
		w.mu.Unlock()
		if j.RunAt.After(w.clock()) {
			continue
		}
		_ = do[j.Kind](w.t.Context(), j.ID) // what it could not do is written in the delivery
	}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testpdf.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (c *client) upload(name string, b []byte) string {
	c.w.t.Helper()
	r := c.do(http.MethodPost, "/uploads?secrecy=0&name="+name, "application/octet-stream", bytes.NewReader(b))
	return c.want(http.StatusCreated, r).text(c.w.t, "id")
}

// draft begins a công văn of Sở Ví dụ with an annex, to Sở Thử nghiệm and to an agency of
// another installation.
func (w *world) draft() (id string) {
	w.t.Helper()
	cv := w.as("cv.svd")
	main, annex := cv.upload("cong-van.pdf", sample(w.t, "cong-van-1.pdf")), cv.upload("phu-luc.pdf", sample(w.t, "phu-luc.pdf"))
	r := cv.post("/outgoing?secrecy=0", draftInput(w, main, annex))
	return cv.want(http.StatusCreated, r).text(w.t, "document", "id")
}

func draftInput(w *world, main, annex string) map[string]any {
	return map[string]any{
		"type_code": "CV", "subject": "V/v phối hợp cung cấp số liệu gửi, nhận văn bản điện tử",
		"signer_id": w.staff("gd.svd").Position.ID, "recipients": []string{"H26.15", "H98.05"},
		"files": []any{map[string]any{"role": "MAIN", "upload_id": main}, map[string]any{"role": "ANNEX", "upload_id": annex}},
	}
}

// step does an act on a document and wants it done.
func (w *world) step(username, path string, in any) reply {
	w.t.Helper()
	c := w.as(username)
	r := c.post(path, in)
	if r.status != http.StatusNoContent {
		c.want(http.StatusOK, r)
	}
	return r
}

type fields = map[string]any

// reviewed takes a draft through submission and both approvals.
func (w *world) reviewed() (id string) {
	w.t.Helper()
	id = w.draft()
	at := "/outgoing/" + id
	manifest := w.step("cv.svd", at+"/submit", fields{}).text(w.t, "manifest")
	w.step("tp.svd", at+"/approve-content", fields{"manifest": manifest})
	w.step("tt.svd", at+"/approve-format", fields{"manifest": manifest})
	return id
}

// issued takes a document the whole way out and lets the jobs run.
func (w *world) issued() (id string) {
	w.t.Helper()
	id = w.reviewed()
	at := "/outgoing/" + id
	gd := w.as("gd.svd")
	viewed := gd.want(http.StatusOK, gd.get(at)).text(w.t, "files", 0, "version", "blob")
	w.step("gd.svd", at+"/sign", fields{"viewed_sha256": viewed, "pin": testPIN})
	w.step("vt.svd", at+"/number", fields{})
	w.step("vt.svd", at+"/seal", fields{})
	w.step("vt.svd", at+"/issue", fields{})
	w.work()
	return id
}

// arrived is the id of the newest document that came to Sở Thử nghiệm.
func (w *world) arrived() (id string) {
	w.t.Helper()
	vt := w.as("vt.stn")
	return vt.want(http.StatusOK, vt.get("/incoming?box=to-register")).text(w.t, "rows", 0, "id")
}

func (w *world) count(table string) (n int) {
	w.t.Helper()
	w.must(w.store.DB().QueryRowContext(w.t.Context(), fmt.Sprintf("SELECT COUNT(*) FROM %s", table)).Scan(&n))
	return n
}
