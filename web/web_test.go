package web

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/workflow"
	"congvan/signing"
)

// stranger is a visitor who has not signed in.
type stranger struct{}

func (stranger) Subject(context.Context) (authz.Subject, bool) { return authz.Subject{}, false }
func (stranger) SignIn(context.Context, string, string) error  { return nil }
func (stranger) SignOut(context.Context) error                 { return nil }
func (stranger) Language(context.Context) string               { return "vi" }
func (stranger) SetLanguage(context.Context, string)           {}
func (stranger) Positions(context.Context) ([]org.Position, error) {
	return nil, fault.New(fault.Forbidden, "not_signed_in")
}
func (stranger) SwitchPosition(context.Context, string) error { return nil }
func (stranger) PutFlash(context.Context, string)             {}
func (stranger) PopFlash(context.Context) string              { return "" }
func explained(_ string, r *signing.Report) []string          { return r.Reasons }
func noon() time.Time                                         { return calendar.On(2026, 11, 21).Start().Add(12 * time.Hour) }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func drawn(t *testing.T, w *Web, lang, page string, v view) string {
	t.Helper()
	v.Lang = lang
	var b bytes.Buffer
	if err := w.templates[lang][page].ExecuteTemplate(&b, "layout", v); err != nil {
		t.Fatalf("%s in %s: %v", page, lang, err)
	}
	return b.String()
}

func newWeb(t *testing.T) *Web {
	t.Helper()
	catalogue, err := fault.NewCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(Deps{
		Sessions: stranger{}, Catalogue: catalogue, Explain: explained, Clock: noon, Log: discard(), Demo: true,
		Accounts: demo.Sites()[0].Agencies[1].Staff, Place: map[string]string{"a-svd": "Sở Ví dụ"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// evil is text that must never reach a page as markup, an attribute or a script.
const evil = `"><script>alert('x')</script><img src=x onerror=alert(1)>` + "' javascript:alert(2)"

func mark() *authz.Subject {
	return &authz.Subject{
		AccountID: "acc", PersonID: "per", PersonName: "Phan Thị Soạn Thảo" + evil, PositionID: "pos", Title: "Chuyên viên" + evil,
		AgencyID: "a-svd", UnitID: "a-svd-nv", Roles: org.Roles(),
	}
}

func everyAct(m workflow.Machine) []workflow.Action {
	seen := map[workflow.Action]bool{}
	var out []workflow.Action
	for _, s := range append(everyState(), workflow.Waiting, workflow.Held) {
		for _, a := range workflow.Allowed(m, s) {
			if !seen[a] {
				seen[a] = true
				out = append(out, a)
			}
		}
	}
	return out
}

func everyState() []workflow.State {
	return []workflow.State{
		workflow.Draft, workflow.InReview, workflow.ContentApproved, workflow.FormatApproved, workflow.Signed, workflow.Numbered,
		workflow.AgencySigned, workflow.Issued, workflow.Voided, workflow.Cancelled, workflow.Received, workflow.Refused,
		workflow.Registered, workflow.Presented, workflow.Directed, workflow.InProgress, workflow.Resolved, workflow.Recalled, workflow.Replaced,
	}
}

func report(v signing.Verdict) *signing.Report {
	at := noon()
	return &signing.Report{
		Verdict: v, Reasons: []string{"Chữ ký hợp lệ" + evil}, CheckedAt: at, SHA256: "ab12",
		Signatures: []signing.SignatureReport{{
			Field: "SignerSignature" + evil, SubFilter: "ETSI.CAdES.detached", Signer: "Nguyễn Văn Mẫu" + evil, Subject: "CN=" + evil,
			Issuer: "CA thử nghiệm" + evil, Serial: "01", Fingerprint: "cd34", OrganID: "H26.14" + evil, Level: "B-B", Time: &at, Verdict: v,
		}},
	}
}

func someFiles() ([]document.File, []query.FileView) {
	files := []document.File{
		{
			ID: "fil-1", Role: document.Main, Name: "công văn" + evil + ".pdf", MediaType: "application/pdf",
			Version: document.Version{Blob: "00ff", Size: 123456, Pages: 3, Kind: document.VersionSealed},
		},
		{ID: "fil-2", Role: document.Annex, Name: "bảng kê" + evil + ".xlsx", MediaType: "application/octet-stream", Version: document.Version{Size: 5 << 20}},
	}
	return files, []query.FileView{{File: files[0], Report: report(signing.Valid)}, {File: files[1]}}
}

func someMetadata() document.Metadata {
	return document.Metadata{
		TypeCode: "CV", Subject: "Về việc kiểm tra" + evil, Urgency: document.Express, PageAmount: 3, DueDate: calendar.On(2026, 12, 1),
		Description: evil, FieldCode: evil, ToPlaces: []string{"Như trên" + evil},
	}
}

func someRows() []query.Row {
	return []query.Row{
		{Kind: authz.Outgoing, ID: "out-1", State: workflow.Draft, Subject: "Dự thảo" + evil, ReturnReason: evil, Party: evil, Parties: 3, Sort: noon()},
		{
			Kind: authz.Incoming, ID: "inc-1", State: workflow.Directed, TypeCode: "CV", Subject: evil, Code: "12/UBND-VX" + evil, Verdict: document.VerdictIncomplete,
			ArrivalNumber: 7, Urgency: document.Urgent, IssuedDate: calendar.On(2026, 11, 2), Deadline: calendar.On(2026, 11, 9), Overdue: true,
		},
	}
}

func fullOutgoing(s workflow.State) outgoingView {
	files, views := someFiles()
	at := noon()
	d := document.Outgoing{
		ID: "out-1", State: s, Metadata: someMetadata(), Number: 5, Notation: "SVD-NV", IssuedDate: calendar.On(2026, 11, 20),
		Recipients: []document.Party{{OrganID: "H98.05", OrganName: "Sở Mẫu" + evil}}, ReplyTo: "inc-1",
		ResponseFor:  []document.Reference{{Code: "12/UBND-VX" + evil, PromulgationDate: calendar.On(2026, 11, 2)}},
		ReturnReason: "Sai thể thức" + evil, Warnings: []string{"annex_unsigned:bảng kê" + evil}, SignedAt: &at, IssuedAt: &at, Files: files,
		Approvals: []document.Approval{{Kind: document.ContentApproval, PersonName: "Lý Văn Trưởng" + evil, OnBehalfOf: evil, At: at}, {Kind: document.FormatApproval, PersonName: "Dương Thị Kiểm", At: at}},
	}
	p := query.OutgoingPage{
		Document: d, Manifest: "beef", Agency: "Sở Ví dụ", Unit: "Phòng Nghiệp vụ" + evil, Drafter: query.Member{FullName: evil, Title: evil},
		Signer: query.Member{FullName: evil, Title: evil}, Files: views, Answers: someRows(), Acts: everyAct(workflow.Outgoing), WaitsFor: "who_clerk",
		Deliveries: []document.Delivery{
			{
				ID: "dlv-1", Recipient: document.Party{OrganID: "H98.05", OrganName: evil}, Channel: document.Axis, State: workflow.Failed, Attempts: 3, LastError: "axis_refused", UpdatedAt: at,
				Events: []document.StatusEvent{{State: workflow.Queued, By: evil, At: at}, {State: workflow.Refusal, Code: "02", Description: evil, By: evil, At: at}, {Code: "99", Description: evil, At: at}, {State: workflow.Failed, Description: "axis_refused", At: at}},
			},
		},
		Timeline: []query.Line{{At: at, Who: evil, OnBehalfOf: evil, Action: "act_RETURN", Detail: map[string]string{"reason": evil}}, {At: at, Who: "Hệ thống", Action: "act_UNHEARD_OF"}},
	}
	switch s {
	case workflow.Signed, workflow.AgencySigned:
		p.Document.Level = document.Level{Asked: "B-T", Reached: "B-B", Since: &at, NextAt: &at, Tries: 3, Code: document.TimestampUnavailable}
	case workflow.Issued:
		p.Document.Level = document.Level{Asked: "B-LTA", Reached: "B-LTA", CheckedAt: &at, GraceAt: &at}
	}
	p.Changes, p.Affects, p.Unheard = someChanges(), someRows(), []string{"dlv-1"}
	return outgoingView{
		CanFollow: true, Asked: map[string][]query.ChangeView{"dlv-1": p.Changes}, Unheard: map[string]bool{"dlv-1": true},
		OutgoingPage: p, Viewer: viewerView{Kind: authz.Outgoing, ID: d.ID, Files: views, Shown: &views[0], Main: true}, Steps: outgoingSteps(s),
		Denied: []denied{{workflow.Sign, "who_signer"}}, Today: calendar.On(2026, 11, 21), Places: placeRows(document.Layout{}, nil, 2), Unplaced: true, Checking: true, Missing: []string{"recipients", "signer_id"},
	}
}

func fullIncoming(s workflow.State, v document.Verdict) incomingView {
	files, views := someFiles()
	at := noon()
	a := query.AssignmentView{
		Assignment: document.Assignment{ID: "asg-1", Role: document.Lead, State: workflow.Pending, Deadline: calendar.On(2026, 11, 9), Opinion: evil, Note: evil, DoneAt: &at},
		Giver:      query.Member{FullName: evil}, Assignee: query.Member{FullName: evil, Title: evil, UnitName: evil}, Overdue: true,
	}
	p := query.IncomingPage{
		Document: document.Incoming{
			ID: "inc-1", State: s, Metadata: someMetadata(), Channel: document.Axis, From: document.Party{OrganID: evil, OrganName: evil}, CodeNumber: "12" + evil,
			CodeNotation: "UBND-VX" + evil, IssuedDate: calendar.On(2026, 11, 2), SignerName: evil, SignerTitle: evil, Verdict: v, ArrivalNumber: 7, ArrivalYear: 2026,
			ReceivedAt: at, RegisteredAt: &at, RefusalReason: evil, Files: files, ResponseFor: []document.Reference{{Code: evil}},
		},
		Agency: "Sở Ví dụ", Files: views, Assignments: []query.AssignmentView{a}, Replies: someRows(), Answered: &someRows()[0], Acts: everyAct(workflow.Incoming), WaitsFor: "who_leader",
		Timeline: []query.Line{{At: at, Who: evil, Action: "act_ASSIGN", Detail: map[string]string{"count": "2", "opinion": evil}}},
	}
	p.Changes, p.Affects, p.Previous, p.Receipt, p.ReceiptBy = someChanges(), someRows(), &someRows()[1], calendar.ReceiptLate, &at
	m := query.Member{PositionID: "pos-1" + evil, FullName: evil, Title: evil, UnitName: evil}
	return incomingView{
		TriedID: "chg-1", IncomingPage: p, Viewer: viewerView{Kind: authz.Incoming, ID: "inc-1", Files: views, Shown: &views[0], Main: true}, Steps: incomingSteps(s),
		Denied: []denied{{workflow.Assign, "who_leader"}}, Mine: &a, Leaders: []query.Member{m, m}, Staff: []query.Member{m}, Days: []calendar.Date{calendar.On(2026, 11, 24)},
	}
}

// someChanges are what was asked, in every state.
func someChanges() (out []query.ChangeView) {
	at := noon()
	for i, s := range []workflow.State{workflow.Waiting, workflow.Asked, workflow.Sent, workflow.Agreed, workflow.Declined, workflow.Failed, workflow.Recalled} {
		out = append(out, query.ChangeView{
			Change: document.Change{
				ID: "chg-" + string(rune('1'+i)), Kind: []document.ChangeKind{document.Update, document.Recall, document.Replace}[i%3], State: s, Party: document.Party{OrganName: evil},
				Reason: evil, AskedBy: evil, AskedAt: at, AnsweredBy: evil, AnsweredAt: &at, Answer: evil, LastError: "axis_refused", DeliveryID: "dlv-1",
			},
			Removal: i == 4, Carrier: &someRows()[i%2], Acts: everyAct(workflow.Change), Files: []string{evil, evil},
			Proposal: []query.Proposed{{Field: "subject", From: evil, To: evil}, {Field: "urgency", From: "0", To: "3"}, {Field: "due_date", From: evil, To: evil}},
		})
	}
	return out
}

// someMessages are messages set aside, in every state.
func someMessages() (out []query.MessageRow) {
	at := noon()
	for _, s := range []workflow.State{workflow.Held, workflow.TakenNew, workflow.TakenUpdate, workflow.SentBack, workflow.PutAway} {
		out = append(out, query.MessageRow{
			ID: "qua-" + string(s), State: s, From: document.Party{OrganID: evil, OrganName: evil}, Reason: "same_id_other_content", Code: evil, Subject: evil,
			DocumentID: evil, Channel: document.Axis, Raw: true, At: at, Note: evil, SettledBy: evil, SettledAt: &at, IncomingID: "inc-1",
			Earlier: &someRows()[1], Acts: everyAct(workflow.Message),
		})
	}
	return append(out, query.MessageRow{ID: "qua-x", State: workflow.Held, Reason: "edxml_syntax", At: at})
}

func fullDraft() draftView {
	form := url.Values{}
	for _, f := range []string{"type_code", "subject", "urgency", "signer_id", "field_code", "due_date", "page_amount", "to_places", "description", "reply_to", "recipient_search"} {
		form.Set(f, evil)
	}
	reply, edit := fullIncoming(workflow.InProgress, document.VerdictSufficient).IncomingPage, fullOutgoing(workflow.Draft).OutgoingPage
	return draftView{
		Affects: someRows(), Action: "/van-ban-di/moi", Cancel: "/van-ban-di", Secrecy: "0", Reply: &reply, Edit: &edit, Types: register.Types(),
		Signers: []query.Member{{PositionID: evil, FullName: evil, Title: evil}}, Chosen: []agencyChoice{{Code: evil, Name: evil, Closed: true}},
		Found: []agencyChoice{{Code: evil, Name: evil}, {Code: "H1", Name: evil, Closed: true}}, Searched: true, Uploads: someUploads(), Form: form,
	}
}

// pagesToDraw are every page with an empty and a full model.
func pagesToDraw() map[string][]any {
	out := map[string][]any{
		"signin": {signInView{}, signInView{Username: evil, Next: "/x" + evil, Password: "p", PIN: "1", Groups: []accountGroup{{evil, demo.Sites()[0].Agencies[1].Staff}}}},
		"home": {homeView{}, homeView{
			Today: calendar.On(2026, 11, 21), Mine: []query.Box{{Key: "to-sign", Kind: authz.Outgoing, Count: 3, Act: true}, {Key: "to-register", Kind: authz.Incoming}},
			Other: []query.Box{{Key: "issued", Kind: authz.Outgoing, Count: query.CountMax}}, Waiting: someRows(), CanAct: true, homeActs: homeActs{true, true},
		}},
		"list": {listView{}, listView{Kind: authz.Incoming, Path: "/van-ban-den", Box: "overdue", Text: evil}, listView{
			Kind: authz.Outgoing, Path: "/van-ban-di", Box: "issued", Boxes: []query.Box{{Key: "issued", Kind: authz.Outgoing, Count: 12}},
			Page: query.Page{Rows: someRows()}, First: "/van-ban-di?", Next: "/van-ban-di?sau=1.x", homeActs: homeActs{true, true},
		}},
		"failed": {failedView{}, failedView{More: true, Rows: []query.FailedDelivery{{
			Subject: evil, Code: "12/SVD-VP", Delivery: document.Delivery{
				ID: "dlv-1", OutgoingID: "out-1", Recipient: document.Party{OrganID: "H98.05", OrganName: evil}, State: workflow.Failed, Attempts: 30,
				LastError: "axis_recipient_refused", LastErrorWith: map[string]string{"code": "23", "text": evil},
			},
		}}}},
		"quarantine": {quarantineView{}, quarantineView{
			Page: query.MessagePage{Rows: someMessages(), Waiting: 2, Secret: 3}, Settled: true, Next: "/cach-ly?sau=1.x",
		}},
		"fault":    {nil},
		"draft":    {draftView{}, draftView{Asking: true, Secrecy: "2", Form: url.Values{"reply_to": {evil}}}, fullDraft()},
		"paper":    {paperView{}, paperView{Asking: true, Secrecy: "1"}, paperView{Secrecy: "0", Types: register.Types(), Uploads: someUploads(), Doubt: true, Form: fullDraft().Form}},
		"outgoing": {outgoingView{}},
		"incoming": {incomingView{}},
	}
	for _, s := range everyState() {
		out["outgoing"] = append(out["outgoing"], fullOutgoing(s))
	}
	for _, v := range []document.Verdict{
		document.VerdictPending, document.VerdictPaper, document.VerdictSufficient, document.VerdictIncomplete, document.VerdictWrongSigner,
		document.VerdictNotValid, document.VerdictUnknown,
	} {
		out["incoming"] = append(out["incoming"], fullIncoming(workflow.Received, v))
	}
	return out
}
