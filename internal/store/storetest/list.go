package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/journal"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/internal/store"
	"congvan/internal/workflow"
)

func everything(k authz.Kind) query.Filter {
	return query.Filter{Kind: k, Grants: authz.Grants{AgencyID: agencyA, All: true}, Limit: 100}
}

// ids walks a list page by page and fails the test when its counter differs.
func (w *world) ids(f query.Filter) []string {
	w.t.Helper()
	var out []string
	for {
		p, err := w.s.List(w.t.Context(), f)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(p.Rows) > f.Limit {
			w.t.Fatalf("%d rows on a page of %d", len(p.Rows), f.Limit)
		}
		for _, r := range p.Rows {
			out = append(out, r.ID)
		}
		if p.Next == (query.Cursor{}) {
			break
		}
		f.After = p.Next
	}
	n, err := w.s.Count(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	if n != len(out) {
		w.t.Errorf("counter %d, list %d", n, len(out))
	}
	return out
}

// testPaging: many rows share a time; every page goes on exactly where the last one ended.
func testPaging(t *testing.T, w *world) {
	var want []string
	w.write(func(tx flow.Tx) error {
		for i := range 57 {
			d := w.outgoing()
			d.Files, d.Approvals, d.UpdatedAt = nil, nil, now().Add(time.Duration(i/10)*time.Microsecond)
			want = append(want, d.ID)
			if err := tx.PutOutgoing(&d); err != nil {
				return err
			}
		}
		return nil
	})
	slices.Reverse(want)
	for _, limit := range []int{1, 7, 19, 57, 100} {
		f := everything(authz.Outgoing)
		f.Limit = limit
		w.same(fmt.Sprintf("pages of %d", limit), want, w.ids(f))
	}
}

func testFilters(t *testing.T, w *world) {
	draft, returned, failed := w.outgoing(), w.outgoing(), w.outgoing()
	draft.ReturnReason, draft.SignerID = "", "pos-other"
	failed.State, failed.ReturnReason, failed.UnitID, failed.DrafterID = workflow.Issued, "", "unt-other", "pos-other"
	failed.Number, failed.Notation, failed.SeriesID, failed.IssuedDate = 7, "UBND-VX", "ALL", calendar.On(2026, 11, 18)
	delivery := w.delivery(&failed, failed.Recipients[0])
	delivery.State = workflow.Failed
	w.write(func(tx flow.Tx) error {
		for _, err := range []error{tx.PutOutgoing(&draft), tx.PutOutgoing(&returned), tx.PutOutgoing(&failed), tx.PutDelivery(&delivery)} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	out := func(what string, change func(*query.Filter), want ...string) {
		t.Helper()
		f := everything(authz.Outgoing)
		change(&f)
		got := w.ids(f)
		slices.Sort(got)
		w.same(what, want, got)
	}
	out("states", func(f *query.Filter) { f.States = []workflow.State{workflow.Issued, workflow.Signed} }, failed.ID)
	out("drafter", func(f *query.Filter) { f.DrafterID = official }, draft.ID, returned.ID)
	out("signer", func(f *query.Filter) { f.SignerID = leader }, returned.ID, failed.ID)
	out("unit", func(f *query.Filter) { f.UnitID = "unt-other" }, failed.ID)
	out("returned", func(f *query.Filter) { f.Returned = true }, returned.ID)
	out("failed", func(f *query.Filter) { f.Failed = true }, failed.ID)
	out("another agency", func(f *query.Filter) { f.Grants.AgencyID = agencyB })
	out("no agency", func(f *query.Filter) { f.Grants.AgencyID = "" })

	p, err := w.s.List(t.Context(), query.Filter{Kind: authz.Outgoing, Grants: authz.Grants{AgencyID: agencyA, All: true}, States: []workflow.State{workflow.Issued}, Limit: 1})
	if err != nil || len(p.Rows) != 1 {
		t.Fatal(p, err)
	}
	w.same("row", query.Row{
		Kind: authz.Outgoing, ID: failed.ID, State: workflow.Issued, TypeCode: "CV", Subject: failed.Subject, Code: "07/UBND-VX",
		Party: "Sở Nội vụ (thử nghiệm); Cơ quan ngoài", Parties: 3, Urgency: document.Urgent, IssuedDate: calendar.On(2026, 11, 18), Sort: failed.UpdatedAt,
	}, p.Rows[0])
	w.incomingFilters()
}

func (w *world) incomingFilters() {
	w.t.Helper()
	plain, late, ended := w.incoming(), w.incoming(), w.incoming()
	plain.PresentedTo, plain.DueDate = "", calendar.Date{}
	late.State, late.DueDate = workflow.Directed, calendar.On(2026, 12, 30)
	ended.State, ended.DueDate = workflow.Resolved, calendar.On(2026, 1, 1)
	assignment := document.Assignment{
		ID: w.id("asg"), IncomingID: late.ID, PositionID: official, UnitID: unitA, Role: document.Lead, State: workflow.Accepted,
		Deadline: calendar.On(2026, 11, 17), CreatedAt: now(),
	}
	later := assignment
	later.ID, later.PositionID, later.Deadline, later.State = w.id("asg"), head, calendar.On(2026, 11, 16), workflow.Done
	w.write(func(tx flow.Tx) error {
		for _, err := range []error{tx.PutIncoming(&plain), tx.PutIncoming(&late), tx.PutIncoming(&ended), tx.PutAssignment(&assignment), tx.PutAssignment(&later)} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	in := func(what string, change func(*query.Filter), want ...string) {
		w.t.Helper()
		f := everything(authz.Incoming)
		change(&f)
		got := w.ids(f)
		slices.Sort(got)
		w.same(what, want, got)
	}
	open := []workflow.State{workflow.Pending, workflow.Accepted}
	in("all", func(*query.Filter) {}, plain.ID, late.ID, ended.ID)
	in("presented", func(f *query.Filter) { f.PresentedTo = leader }, late.ID, ended.ID)
	in("assignee", func(f *query.Filter) { f.AssigneeID, f.Assignment = official, open }, late.ID)
	in("assignee done", func(f *query.Filter) { f.AssigneeID, f.Assignment = head, open })
	in("assignee at all", func(f *query.Filter) { f.AssigneeID = head }, late.ID)
	in("overdue", func(f *query.Filter) { f.DueBefore = calendar.On(2026, 11, 18) }, late.ID)
	in("overdue yesterday", func(f *query.Filter) { f.DueBefore = calendar.On(2026, 11, 17) })

	f := everything(authz.Incoming)
	f.States = []workflow.State{workflow.Directed}
	p, err := w.s.List(w.t.Context(), f)
	if err != nil || len(p.Rows) != 1 {
		w.t.Fatal(p, err)
	}
	w.same("row", query.Row{
		Kind: authz.Incoming, ID: late.ID, State: workflow.Directed, TypeCode: "TB", Subject: late.Subject, Code: "05/TB-CQN",
		Party: "Cơ quan ngoài", Parties: 1, Urgency: document.Express, IssuedDate: calendar.On(2026, 11, 10), ArrivalNumber: late.ArrivalNumber,
		Verdict: document.VerdictSufficient, Deadline: calendar.On(2026, 11, 17), Overdue: true, Sort: late.ReceivedAt,
	}, p.Rows[0])

	assignment.State = workflow.Done
	w.write(func(tx flow.Tx) error { return tx.PutAssignment(&assignment) })
	in("no more overdue", func(f *query.Filter) { f.DueBefore = calendar.On(2026, 11, 18) })
	in("by the sender's date", func(f *query.Filter) { f.DueBefore = calendar.On(2026, 12, 31) }, late.ID)
}

func testSearch(t *testing.T, w *world) {
	for _, kind := range []authz.Kind{authz.Outgoing, authz.Incoming} {
		put := func(subject, notation string, number int) string {
			if kind == authz.Outgoing {
				d := w.outgoing()
				d.Subject, d.Notation, d.Number, d.SeriesID, d.IssuedDate = subject, notation, number, "ALL", calendar.On(2026, 11, 18)
				d.Recipients = []document.Party{{OrganName: "Sở Giáo dục và Đào tạo"}}
				w.putOutgoing(&d)
				return d.ID
			}
			d := w.incoming()
			d.Subject, d.CodeNotation, d.CodeNumber, d.From.OrganName = subject, notation, fmt.Sprintf("%02d", number), "Sở Giáo dục và Đào tạo"
			w.putIncoming(&d)
			return d.ID
		}
		road := put("Về việc đầu tư Đường vành đai và TÌM KIẾM không dấu", "UBND-ĐT", 5)
		plan := put("Kế hoạch tuyển sinh lớp 10 năm học 2026–2027", "KH-UBND", 12)
		find := func(text string, want ...string) {
			t.Helper()
			f := everything(kind)
			f.Text = text
			got := w.ids(f)
			slices.Sort(got)
			w.same(string(kind)+" "+text, want, got)
		}
		find("tim kiem khong dau", road)
		find("TÌM KIẾM KHÔNG DẤU", road)
		find("duong vanh dai", road)
		find("đường vành", road)
		find("Đường tuyển") // all words must occur
		find("vanh duong", road)
		find("duo tim", road) // beginnings of words
		find("uong")          // but not their ends
		find("05/UBND-ĐT", road)
		find("ubnd-dt", road)
		find("12/KH", plan)
		find("12/kh-ubnd", plan)
		find("ubnd", road, plan)
		find("so giao duc", road, plan)
		find("2026-2027", plan)
		find("lop 10", plan)
		find("“…”", road, plan) // nothing to look for
		find(`" OR search:*`)
		find("khong' | 'dau & ! road (")
		find("NOT tim")
		find(strings.Repeat("á ", 400))
		find("tim:* kiem", road)

		if kind == authz.Outgoing { // the words follow the document
			d := w.getOutgoing(plan)
			d.Subject = "Lịch công tác tuần"
			w.putOutgoing(&d)
		} else {
			d := w.getIncoming(plan)
			d.Subject = "Lịch công tác tuần"
			w.putIncoming(&d)
		}
		find("tuyen sinh")
		find("lich cong tac", plan)
	}
}

// testGrants: a list holds exactly what the reader may read, whoever reads.
func testGrants(t *testing.T, w *world) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	positions, units, agencies := []string{"p1", "p2", "p3", "p4"}, []string{"u1", "u2", "u3"}, []string{agencyA, agencyB}
	outgoing := []workflow.State{workflow.Draft, workflow.InReview, workflow.ContentApproved, workflow.FormatApproved, workflow.Signed, workflow.Numbered, workflow.AgencySigned, workflow.Issued, workflow.Voided, workflow.Cancelled}
	incoming := []workflow.State{workflow.Received, workflow.Refused, workflow.Registered, workflow.Presented, workflow.Directed, workflow.InProgress, workflow.Resolved}
	assignment := []workflow.State{workflow.Pending, workflow.Accepted, workflow.Seen, workflow.Done, workflow.Returned, workflow.Withdrawn}
	resources := map[authz.Kind]map[string]authz.Resource{authz.Outgoing: {}, authz.Incoming: {}}
	w.write(func(tx flow.Tx) error {
		for range 60 {
			d := w.outgoing()
			d.AgencyID, d.UnitID, d.DrafterID, d.SignerID, d.State = pick(agencies...), pick(units...), pick(positions...), pick(append(positions, "")...), outgoing[rnd.IntN(len(outgoing))]
			d.Files, d.Approvals, d.DocumentID = nil, nil, "H99,"+d.ID
			if err := tx.PutOutgoing(&d); err != nil {
				return err
			}
			resources[authz.Outgoing][d.ID] = flow.OutgoingResource(&d)

			in := w.incoming()
			in.AgencyID, in.PresentedTo, in.State, in.Files = pick(agencies...), pick(append(positions, "")...), incoming[rnd.IntN(len(incoming))], nil
			in.ResponseFor = []document.Reference{{DocumentID: pick(d.DocumentID, "H98,elsewhere")}}
			if err := tx.PutIncoming(&in); err != nil {
				return err
			}
			var as []document.Assignment
			for range rnd.IntN(3) {
				a := document.Assignment{ID: w.id("asg"), IncomingID: in.ID, PositionID: pick(positions...), UnitID: pick(units...), State: assignment[rnd.IntN(len(assignment))], CreatedAt: now()}
				if err := tx.PutAssignment(&a); err != nil {
					return err
				}
				as = append(as, a)
			}
			askers, err := flow.Askers(tx, &in)
			if err != nil {
				return err
			}
			resources[authz.Incoming][in.ID] = flow.IncomingResource(&in, as, askers)
		}
		return nil
	})
	for range 120 {
		s := authz.Subject{PositionID: pick(positions...), AgencyID: pick(append(agencies, "")...), UnitID: pick(append(units, "")...)}
		for _, r := range org.Roles() {
			if rnd.IntN(4) == 0 {
				s.Roles = append(s.Roles, r)
			}
		}
		for kind, all := range resources {
			var want []string
			for id, r := range all {
				if authz.CanRead(s, r) {
					want = append(want, id)
				}
			}
			got := w.ids(query.Filter{Kind: kind, Grants: authz.Scope(s, kind), Limit: 100})
			slices.Sort(want)
			slices.Sort(got)
			w.same(fmt.Sprintf("%s for %+v", kind, s), want, got)
		}
	}
}

func testLinked(t *testing.T, w *world) {
	in := w.incoming()
	w.putIncoming(&in)
	reply := w.outgoing()
	reply.ReplyTo = in.ID
	w.putOutgoing(&reply)
	other := w.outgoing()
	w.putOutgoing(&other)
	rows, err := w.s.Replies(t.Context(), in.ID)
	if err != nil || len(rows) != 1 || rows[0].ID != reply.ID || rows[0].Kind != authz.Outgoing {
		t.Errorf("replies: %+v, %v", rows, err)
	}
	rows, err = w.s.Answers(t.Context(), agencyA, in.ResponseFor[0].DocumentID)
	if err != nil || len(rows) != 1 || rows[0].ID != in.ID || rows[0].Kind != authz.Incoming {
		t.Errorf("answers: %+v, %v", rows, err)
	}
	for _, c := range [][2]string{{agencyB, in.ResponseFor[0].DocumentID}, {agencyA, "x"}, {agencyA, ""}} {
		if rows, err = w.s.Answers(t.Context(), c[0], c[1]); err != nil || len(rows) != 0 {
			t.Errorf("answers of %v: %+v, %v", c, rows, err)
		}
	}
	if rows, err = w.s.Replies(t.Context(), ""); err != nil || len(rows) != 0 {
		t.Errorf("replies to nothing: %+v, %v", rows, err)
	}
}

func testAgencies(t *testing.T, w *world) {
	closed := now().Add(-time.Hour)
	w.administer(func(a store.Admin) error {
		for _, x := range []org.Agency{
			{ID: "agc-1", Name: "Sở Y tế", Abbreviation: "SYT", ClosedAt: &closed, Codes: []org.Code{{Scheme: org.SchemeQD20, Value: "H99.05"}}},
			{ID: "agc-2", Name: "Sở Xây dựng", Abbreviation: "SXD"},
			{ID: "agc-3", Name: "Sở Tài chính", Abbreviation: "STC"},
		} {
			if err := a.PutAgency(x); err != nil {
				return err
			}
		}
		return nil
	})
	for text, want := range map[string][]string{
		"sở": {agencyB, "agc-3", "agc-2", "agc-1"}, "xay dung": {"agc-2"}, "syt": {"agc-1"}, "h99.05": {"agc-1"}, "99": nil,
		"so %": {agencyB, "agc-3", "agc-2", "agc-1"}, "khong co": nil, "": {agencyB, "agc-3", "agc-2", agencyA, "agc-1"},
	} {
		found, err := w.s.Agencies(t.Context(), text, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, a := range found {
			ids = append(ids, a.ID)
		}
		w.same(text, want, ids)
	}
	found, err := w.s.Agencies(t.Context(), "h99.05", "", 1)
	if err != nil || len(found) != 1 || len(found[0].Codes) != 1 {
		t.Errorf("with its codes: %+v, %v", found, err)
	}
	// Page by page, each agency once, the closed one last.
	var ids []string
	for after := ""; ; {
		page, err := w.s.Agencies(t.Context(), "sở", after, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		after = page[0].ID
		ids = append(ids, after)
	}
	w.same("paged", []string{agencyB, "agc-3", "agc-2", "agc-1"}, ids)
}

// testListed: a page of the axis's list goes in once, agencies of ours are left alone, and
// what is no longer listed is closed with an entry in the journal.
func testListed(t *testing.T, w *world) {
	first := now()
	page := []org.Listed{
		{Codes: []string{"H97.01", "000.00.01.H97"}, Name: "Sở Liệt kê"},
		{Codes: []string{"H97.02"}, Name: "Sở Thứ hai"},
		{Codes: []string{"H97.02"}, Name: "Sở Thứ hai"},
		{Codes: nil, Name: "Không mã"},
		{Codes: []string{"H97.09"}, Name: " "},
	}
	put := func(at time.Time, page []org.Listed) [2]int {
		t.Helper()
		added, changed, err := w.s.PutListed(t.Context(), at, page)
		if err != nil {
			t.Fatal(err)
		}
		return [2]int{added, changed}
	}
	if got := put(first, page); got != [2]int{2, 0} {
		t.Errorf("first %v", got)
	}
	own, err := w.s.Agencies(t.Context(), "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range own {
		if a.Local {
			put(first, []org.Listed{{Codes: []string{a.Codes[0].Value, "H97.77"}, Name: "Chiếm tên"}})
		}
	}
	if got, err := w.s.Agencies(t.Context(), "chiem ten", "", 10); err != nil || len(got) > 0 {
		t.Errorf("an agency of ours was renamed: %+v, %v", got, err)
	}
	if got := put(first, page); got != [2]int{0, 0} {
		t.Errorf("the same run again %v", got)
	}
	second := first.Add(time.Hour)
	if got := put(second, []org.Listed{{Codes: []string{"H97.03", "000.00.01.H97"}, Name: "Sở Liệt kê"}}); got != [2]int{0, 1} {
		t.Errorf("another code %v", got)
	}
	open, unlisted, latest, err := w.s.Listing(t.Context(), second)
	if open != 2 || unlisted != 1 || !latest.Equal(second) || err != nil {
		t.Errorf("%d open, %d unlisted, latest %v, %v", open, unlisted, latest, err)
	}
	entry := journal.Entry{At: second, Actor: journal.Actor{AccountID: "system", Name: "Hệ thống"}, Action: "SYNC_AGENCIES", ObjectKind: "directory", ObjectID: "axis"}
	if n, err := w.s.CloseUnlisted(t.Context(), second, entry); n != 1 || err != nil {
		t.Errorf("%d closed, %v", n, err)
	}
	if e, err := w.s.Entries(t.Context(), "directory", "axis"); len(e) != 1 || err != nil {
		t.Errorf("journal %+v, %v", e, err)
	}
	if got := put(second.Add(time.Hour), page[1:2]); got != [2]int{0, 1} {
		t.Errorf("listed again %v", got)
	}
	if open, _, _, err := w.s.Listing(t.Context(), second); open != 2 || err != nil {
		t.Errorf("%d open, %v", open, err)
	}
}

func testStaff(t *testing.T, w *world) {
	w.administer(func(a store.Admin) error {
		if err := a.PutPerson(org.Person{ID: "per-old", FullName: "Người đã nghỉ"}); err != nil {
			return err
		}
		return a.PutPosition(org.Position{ID: "pos-old", PersonID: "per-old", AgencyID: agencyA, Title: "A", Roles: []org.Role{org.RoleLeader}, Period: org.Period{ValidTo: calendar.On(2026, 11, 17)}})
	})
	leaders, err := w.s.Staff(t.Context(), agencyA, org.RoleLeader)
	if err != nil {
		t.Fatal(err)
	}
	w.same("leaders", []query.Member{{
		PositionID: leader, FullName: "Người " + leader, Title: "Chức vụ " + leader, UnitID: unitA, UnitName: "Phòng Văn xã", Roles: []org.Role{org.RoleLeader},
	}}, leaders)
	all, err := w.s.Staff(t.Context(), agencyA, "")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range all {
		ids = append(ids, m.PositionID)
	}
	w.same("all, by title", []string{clerk, head, leader, official}, ids)
	none, err := w.s.Staff(t.Context(), agencyB, "")
	w.same("of another agency", 0, len(none))
	if err != nil {
		t.Fatal(err)
	}
	posts, err := w.s.PositionsOf(t.Context(), "per-old")
	w.same("posts that ended", 0, len(posts))
	if err != nil {
		t.Fatal(err)
	}
	posts, err = w.s.PositionsOf(t.Context(), "per-"+clerk)
	if err != nil || len(posts) != 1 || posts[0].ID != clerk {
		t.Errorf("posts of the clerk: %+v, %v", posts, err)
	}
}
