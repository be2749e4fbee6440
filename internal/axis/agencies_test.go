package axis_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"congvan/internal/axis"
	"congvan/internal/axis/axistest"
	"congvan/internal/axis/vxp"
	"congvan/internal/fault"
	"congvan/internal/journal"
	"congvan/internal/org"
	"congvan/internal/store"
)

// listing is a simulated axis with agencies and a directory to take them into.
type listing struct {
	t      *testing.T
	clock  time.Time
	client *vxp.Client
	store  *store.Store
}

func newListing(t *testing.T, agencies []axistest.Agency) *listing {
	x := &listing{t: t, clock: time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)}
	now := func() time.Time { return x.clock }
	s, err := store.Open(t.Context(), store.Options{Driver: "sqlite", DSN: filepath.Join(t.TempDir(), "a.db"), Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.store = s
	x.serve(agencies)
	return x
}

// serve makes the axis list these from now on.
func (x *listing) serve(agencies []axistest.Agency) {
	now := func() time.Time { return x.clock }
	sim, err := axistest.New(axistest.Options{Clock: now, Dir: x.t.TempDir(), Systems: []axistest.System{{ID: "s", Secret: "k", Agencies: agencies}}})
	if err != nil {
		x.t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	x.t.Cleanup(func() { server.Close(); _ = sim.Close() })
	if x.client, err = vxp.New(vxp.Config{Endpoint: server.URL, SystemID: "s", Secret: "k", Now: now}); err != nil {
		x.t.Fatal(err)
	}
}

func (x *listing) sync(book axis.Book) (axis.Synchronised, error) {
	x.clock = x.clock.Add(24 * time.Hour)
	return axis.SyncAgencies(x.t.Context(), x.client, book, func() time.Time { return x.clock }, journal.Actor{AccountID: "system", Name: "test"})
}

func (x *listing) find(text string) []org.Agency {
	x.t.Helper()
	found, err := x.store.Agencies(x.t.Context(), text, "", 10)
	if err != nil {
		x.t.Fatal(err)
	}
	return found
}

func TestSyncAgencies(t *testing.T) {
	listed := []axistest.Agency{
		{Code: "H99", Code102: "000.00.00.H99", Name: "UBND tỉnh Mẫu"},
		{Code: "H99.05", Code102: "000.00.05.H99", Name: "Sở Tiếp nhận"},
		{Code: "vxp.saas.03", Name: "Cổng thử"},
		{Code: "H99.14", Name: "Tên khác"},
	}
	x := newListing(t, listed)
	err := x.store.Administer(t.Context(), func(a store.Admin) error {
		if err := a.PutAgency(org.Agency{ID: "agc-own", Name: "Sở Ví dụ", Local: true, Codes: []org.Code{{Scheme: org.SchemeQD20, Value: "H99.14"}}}); err != nil {
			return err
		}
		return a.PutAgency(org.Agency{ID: "agc-typed", Name: "Nhập tay", Codes: []org.Code{{Scheme: org.SchemeQD20, Value: "H98.01"}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.sync(x.store)
	if want := (axis.Synchronised{Rows: got.Rows, Added: 3}); got != want || err != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	found := x.find("tiep nhan")
	if len(found) != 1 || found[0].ID != "axis-h99.05" || !found[0].HasCode("000.00.05.H99") || found[0].CodeAt(x.clock) != "H99.05" {
		t.Errorf("%+v", found)
	}
	if own := x.find("vi du"); len(own) != 1 || own[0].ID != "agc-own" || own[0].Name != "Sở Ví dụ" {
		t.Errorf("our own agency: %+v", own)
	}
	// The same list again changes nothing, and says so.
	if got, err := x.sync(x.store); got.Added+got.Changed+got.Closed != 0 || err != nil {
		t.Errorf("again: %+v, %v", got, err)
	}
	// One is renamed, one gets a new code, one is gone; what was typed in stays.
	x.serve([]axistest.Agency{{Code: "H99", Code102: "000.00.00.H99", Name: "UBND tỉnh Mẫu mới"}, {Code: "H99.07", Code102: "000.00.05.H99", Name: "Sở Tiếp nhận"}})
	got, err = x.sync(x.store)
	if want := (axis.Synchronised{Rows: got.Rows, Changed: 2, Closed: 1}); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if found := x.find("tiep nhan"); len(found) != 1 || found[0].CodeAt(x.clock) != "H99.07" || !found[0].HasCode("H99.05") {
		t.Errorf("%+v", found)
	}
	if found := x.find("saas"); len(found) != 1 || found[0].Open(x.clock.Add(time.Second)) {
		t.Errorf("the vanished one is open: %+v", found)
	}
	if found := x.find("nhap tay"); len(found) != 1 || !found[0].Open(x.clock.Add(time.Second)) {
		t.Errorf("what was typed in: %+v", found)
	}
	// It comes back.
	x.serve(listed)
	if got, err := x.sync(x.store); err != nil || got.Changed < 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if found := x.find("saas"); len(found) != 1 || !found[0].Open(x.clock) {
		t.Errorf("%+v", found)
	}
}

// A list that lost more than half of what was known closes nothing; nor does one that breaks off.
func TestSyncOfAShrunkList(t *testing.T) {
	many := manyAgencies(60)
	x := newListing(t, many)
	if got, err := x.sync(x.store); got.Added != 60 || err != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	x.serve(many[:20])
	if got, err := x.sync(x.store); !fault.Is(err, "axis_agencies_shrunk") || got.Closed != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	x.serve(nil)
	if _, err := x.sync(x.store); err == nil {
		t.Error("an empty list was believed")
	}
	if open, _, _, err := x.store.Listing(t.Context(), x.clock); open != 60 || err != nil {
		t.Errorf("%d open, %v", open, err)
	}
	x.serve(many[:50])
	if got, err := x.sync(x.store); got.Closed != 10 || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func manyAgencies(n int) []axistest.Agency {
	out := make([]axistest.Agency, n)
	for i := range out {
		out[i] = axistest.Agency{
			Code: fmt.Sprintf("H99.%d.%d", i%900+10, i), Code102: fmt.Sprintf("%03d.%02d.%02d.H%02d", i%1000, i/1000%100, i/100000, 99), Name: fmt.Sprintf("UBND xã Mẫu số %d", i),
		}
	}
	return out
}

// heapBook watches the memory in use while pages are taken.
type heapBook struct {
	axis.Book
	pages int
	most  uint64
}

func (b *heapBook) PutListed(ctx context.Context, at time.Time, page []org.Listed) (int, int, error) {
	if b.pages++; b.pages%40 == 0 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.most = max(b.most, m.HeapAlloc)
	}
	return b.Book.PutListed(ctx, at, page)
}

// TestSyncOfTheWholeCountry takes 111,000 agencies, as many as the test axis lists, in
// memory that does not grow with them, and finds one of them.
func TestSyncOfTheWholeCountry(t *testing.T) {
	const n = 111_000
	x := newListing(t, manyAgencies(n))
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	book := &heapBook{Book: x.store}
	got, err := x.sync(book)
	if err != nil || got.Added != n {
		t.Fatalf("%+v, %v", got, err)
	}
	if used := int64(book.most) - int64(before.HeapAlloc); used > 24<<20 {
		t.Errorf("%d MiB in use", used>>20)
	}
	if found := x.find("mẫu số 110999"); len(found) != 1 || !strings.HasSuffix(found[0].Name, "110999") || len(found[0].Codes) != 2 {
		t.Errorf("%+v", found)
	}
	if found := x.find("xa mau"); len(found) != 10 {
		t.Errorf("%d found", len(found))
	}
}
