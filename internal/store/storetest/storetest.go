// Package storetest is what every database under the store must pass.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/journal"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/store"
	"congvan/internal/workflow"
)

// Opener opens an empty, migrated store of a test: it sets the driver and the DSN, the
// suite the rest. The store is closed when the test ends.
type Opener func(t testing.TB, o store.Options) *store.Store

// Run runs the suite.
func Run(t *testing.T, open Opener) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"Organisation", testOrganisation},
		{"OrganIDs", testOrganIDs},
		{"Listed", testListed},
		{"Authority", testAuthority},
		{"Credential", testCredential},
		{"Calendar", testCalendar},
		{"Outgoing", testOutgoing},
		{"Editions", testEditions},
		{"Levels", testLevels},
		{"Incoming", testIncoming},
		{"IncomingLike", testIncomingLike},
		{"Assignments", testAssignments},
		{"Deliveries", testDeliveries},
		{"Notices", testNotices},
		{"Evidence", testEvidence},
		{"Quarantine", testQuarantine},
		{"Held", testHeld},
		{"Changes", testChanges},
		{"Parcels", testParcels},
		{"Audit", testAudit},
		{"Missing", testMissing},
		{"CompareAndSwap", testCompareAndSwap},
		{"RolledBackRow", testRolledBackRow},
		{"UniqueNumbers", testUniqueNumbers},
		{"SameMessageAtOnce", testSameMessageAtOnce},
		{"NumbersAreGapless", testNumbersAreGapless},
		{"RolledBackNumber", testRolledBackNumber},
		{"Together", testTogether},
		{"GivenUpWhileWaiting", testGivenUpWhileWaiting},
		{"JournalUnderLoad", testJournalUnderLoad},
		{"JournalEntries", testJournalEntries},
		{"Jobs", testJobs},
		{"Snapshot", testSnapshot},
		{"Paging", testPaging},
		{"Filters", testFilters},
		{"Search", testSearch},
		{"Grants", testGrants},
		{"Linked", testLinked},
		{"Agencies", testAgencies},
		{"Staff", testStaff},
		{"Accounts", testAccounts},
		{"Tokens", testTokens},
		{"Sessions", testSessions},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, newWorld(t, open)) })
	}
}

// now is the moment at which every test stands: a Wednesday morning in Vietnam.
func now() time.Time { return time.Date(2026, 11, 18, 2, 30, 15, 123456000, time.UTC) }

// world is a store with an agency and its people.
type world struct {
	t       testing.TB
	s       *store.Store
	counter atomic.Int64
}

// The organisation of every test: invented, with codes that no agency has.
const (
	agencyA = "agc-a"
	agencyB = "agc-b"
	codeA   = "H99.01"
	codeB   = "H99.02"
	unitA   = "unt-a"
	official,
	head,
	leader,
	clerk = "pos-official", "pos-head", "pos-leader", "pos-clerk"
)

func newWorld(t testing.TB, open Opener) *world {
	w := &world{t: t}
	w.s = open(t, store.Options{Clock: now, Enqueuer: enqueue})
	if _, err := w.s.DB().ExecContext(t.Context(), "CREATE TABLE queued_jobs (kind TEXT NOT NULL, id TEXT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	w.administer(func(a store.Admin) error {
		for _, ag := range []org.Agency{
			{
				ID: agencyA, Name: "Ủy ban nhân dân thành phố Thử Nghiệm", Abbreviation: "UBND", Place: "Thử Nghiệm", Block: org.BlockGovernment, Local: true,
				Codes: []org.Code{{Scheme: org.SchemeQD20, Value: codeA, Period: org.Period{ValidFrom: calendar.On(2020, 7, 22)}}},
			},
			{
				ID: agencyB, Name: "Sở Nội vụ (thử nghiệm)", Abbreviation: "SNV", Place: "Thử Nghiệm", Block: org.BlockGovernment, Local: true,
				Codes: []org.Code{{Scheme: org.SchemeQD20, Value: codeB, Period: org.Period{ValidFrom: calendar.On(2020, 7, 22)}}},
			},
		} {
			if err := a.PutAgency(ag); err != nil {
				return err
			}
		}
		if err := a.PutUnit(org.Unit{ID: unitA, AgencyID: agencyA, Name: "Phòng Văn xã", Code: "VX"}); err != nil {
			return err
		}
		for id, role := range map[string]org.Role{official: org.RoleOfficial, head: org.RoleUnitHead, leader: org.RoleLeader, clerk: org.RoleClerk} {
			if err := a.PutPerson(org.Person{ID: "per-" + id, FullName: "Người " + id}); err != nil {
				return err
			}
			err := a.PutPosition(org.Position{ID: id, PersonID: "per-" + id, AgencyID: agencyA, UnitID: unitA, Title: "Chức vụ " + id, Roles: []org.Role{role}, Period: org.Period{ValidFrom: calendar.On(2020, 1, 1)}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func enqueue(ctx context.Context, tx *sql.Tx, j flow.Job) error {
	_, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO queued_jobs (kind, id) VALUES ('%s', '%s')", j.Kind, j.ID))
	return err
}

func (w *world) id(prefix string) string { return fmt.Sprintf("%s-%06d", prefix, w.counter.Add(1)) }

func (w *world) administer(fn func(store.Admin) error) {
	w.t.Helper()
	if err := w.s.Administer(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(fn func(flow.Tx) error) {
	w.t.Helper()
	if err := w.s.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(fn func(flow.ReadTx) error) {
	w.t.Helper()
	if err := w.s.Read(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// same fails the test where got is not want.
func (w *world) same(what string, want, got any) {
	w.t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		w.t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// refused fails the test unless err is of this kind and code.
func (w *world) refused(err error, kind fault.Kind, code string) {
	w.t.Helper()
	if fault.KindOf(err) != kind || !fault.Is(err, code) {
		w.t.Errorf("got %v, want %s %s", err, kind, code)
	}
}

// outgoing is a draft with every field set.
func (w *world) outgoing() document.Outgoing {
	later := now().Add(time.Hour)
	return document.Outgoing{
		ID: w.id("out"), AgencyID: agencyA, UnitID: unitA, State: workflow.Draft,
		Metadata: document.Metadata{
			TypeCode: "CV", Subject: "Về việc triển khai thử nghiệm sử dụng văn bản điện tử", Urgency: document.Urgent, PageAmount: 3,
			DueDate: calendar.On(2026, 12, 1), Description: "Mô tả", Language: "vi", FieldCode: "VX", ToPlaces: []string{"Như trên", "Lưu: VT"},
		},
		Edition: 2, DrafterID: official, SignerID: leader,
		Layout:       document.Layout{Number: &document.Place{Page: 1, X: 10.5, Y: 20.25, W: 30, H: 5}, FontSize: 13},
		Recipients:   []document.Party{{OrganID: codeB, OrganName: "Sở Nội vụ (thử nghiệm)"}, {OrganID: "H98.01", OrganName: "Cơ quan ngoài"}, {OrganID: "H98.02", OrganName: "Cơ quan thứ ba"}},
		ReplyTo:      "",
		ResponseFor:  []document.Reference{{OrganID: codeB, Code: "12/SNV-VP", DocumentID: codeB + ",2026/11/01,12/SNV-VP", PromulgationDate: calendar.On(2026, 11, 1)}},
		ReturnReason: "Sai thể thức", Warnings: []string{"annex_unsigned:bang.xlsx"},
		Level:     document.Level{Asked: "B-LTA", Reached: "B-LTA", Tries: 2, CheckedAt: &later, GraceAt: &later},
		Sent:      []document.SentFile{{FileID: "fil", Blob: "sent", Size: 7}},
		CreatedAt: now(), UpdatedAt: now(), SignedAt: &later,
		Files: []document.File{w.file(document.Main, 1), w.file(document.Annex, 2)},
		Approvals: []document.Approval{
			{Kind: document.ContentApproval, Edition: 2, Manifest: "aa", PositionID: head, PersonName: "Trưởng phòng", OnBehalfOf: "Người khác", At: now()},
			{Kind: document.FormatApproval, Edition: 2, Manifest: "aa", PositionID: clerk, PersonName: "Văn thư", At: later},
		},
	}
}

func (w *world) file(role document.Role, ordinal int) document.File {
	return document.File{
		ID: w.id("fil"), Role: role, Ordinal: ordinal, Name: "Công văn số một.pdf", MediaType: "application/pdf",
		Version: document.Version{
			ID: w.id("ver"), N: 1, Kind: document.VersionDraft, Blob: w.id("blob"), Size: 123456, HashState: []byte{1, 0, 255},
			Pages: 4, Level: "B-T", CreatedAt: now(), CreatedBy: official,
		},
	}
}

// incoming is a received document with every field set.
func (w *world) incoming() document.Incoming {
	registered := now().Add(time.Hour)
	n := int(w.counter.Load()) + 1
	return document.Incoming{
		ID: w.id("inc"), AgencyID: agencyA, State: workflow.Registered,
		Metadata: document.Metadata{
			TypeCode: "TB", Subject: "Thông báo kết luận cuộc họp về công tác văn thư", Urgency: document.Express, PageAmount: 2,
			DueDate: calendar.On(2026, 12, 1), Language: "vi", ToPlaces: []string{"Như trên"},
		},
		Channel: document.Axis, From: document.Party{OrganID: "H98.01", OrganName: "Cơ quan ngoài"},
		ContentHash: w.id("hash"), DocumentID: w.id("H98.01,2026/11/10,05/TB-CQN"), CodeNumber: "05", CodeNotation: "TB-CQN",
		IssuedDate: calendar.On(2026, 11, 10), SignerName: "Trần Thị Thử", SignerTitle: "Giám đốc", Competence: "TM. Ủy ban",
		ResponseFor: []document.Reference{{OrganID: codeA, Code: "07/UBND-VX", DocumentID: codeA + ",2026/11/02,07/UBND-VX"}},
		RawKey:      "raw", Verdict: document.VerdictSufficient, ArrivalNumber: n, ArrivalYear: 2026, ReceivedAt: now(), RegisteredAt: &registered,
		PresentedTo: leader, RefusalReason: "", UpdatedAt: now(), Files: []document.File{w.file(document.Main, 1)},
	}
}

func (w *world) entry(kind, id string) journal.Entry {
	return journal.Entry{
		At: now(), Actor: journal.Actor{AccountID: "acc-1", Name: "Nguyễn Văn Thử"}, OnBehalfOf: "Người khác", Position: official,
		Agency: agencyA, Action: "TEST", ObjectKind: kind, ObjectID: id, VersionHash: "abc", Detail: map[string]string{"lý do": "thử"},
	}
}

func series() register.Series { return register.Series{AgencyID: agencyA, Year: 2026, Key: "ALL"} }
