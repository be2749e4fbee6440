package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	mrand "math/rand/v2"
	"net/http"
	"slices"
	"time"

	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/testpdf"
	"congvan/internal/walk"
	"congvan/internal/workflow"
)

// send drafts and issues one document after another until the storm is over, each to one or
// both of the other offices; what was begun is finished.
func (s *storm) send(ctx, storm context.Context, o *office, dice *mrand.Rand) {
	for n := 1; storm.Err() == nil; n++ {
		to := slices.DeleteFunc(slices.Clone(s.offices), func(x *office) bool { return x == o })
		if k := dice.IntN(3); k < 2 {
			to = to[k : k+1]
		}
		s.begun.Add(1)
		d := dispatch{from: o, to: to}
		subject := fmt.Sprintf("V/v thử nghiệm khi trục gặp sự cố, văn bản %d của %s (văn bản thử nghiệm)", n, o.site.Name)
		if !s.insist(ctx, "draft", func() error { return o.draft(ctx, &d, subject) }) {
			return
		}
		if !s.insist(ctx, "issue", func() error { return o.advance(ctx, &d) }) {
			return
		}
		if d.recalled = dice.IntN(5) == 0; d.recalled {
			pause(ctx, time.Duration(dice.IntN(2500))*time.Millisecond)
			if !s.insist(ctx, "recall", func() error { return o.recall(ctx, &d) }) {
				return
			}
		}
		s.mu.Lock()
		s.sent = append(s.sent, d)
		s.mu.Unlock()
	}
}

// errAgain says that something was done and more is to do.
var errAgain = errors.New("not finished yet")

// insist tries until it is done, whatever comes in between; false when the time is over.
func (s *storm) insist(ctx context.Context, what string, try func() error) bool {
	var last error
	for ctx.Err() == nil {
		err := try()
		if err == nil {
			return true
		}
		var p *walk.Problem
		if errors.As(err, &p) && (p.Status == http.StatusForbidden || p.Status == http.StatusUnprocessableEntity) {
			s.Errorf("%s: %v", what, err)
			return false
		}
		if !errors.Is(err, errAgain) {
			last = err
			pause(ctx, 200*time.Millisecond)
		}
	}
	s.Errorf("%s: given up, the last answer was %v", what, last)
	return false
}

// draft makes the draft unless an earlier try made it and only the answer was lost.
func (o *office) draft(ctx context.Context, d *dispatch, subject string) error {
	c, err := o.as(ctx, "cv")
	if err != nil {
		return err
	}
	var list struct {
		Rows []query.Row `json:"rows"`
	}
	if err := c.Get(ctx, "/outgoing?box=drafts", &list); err != nil {
		return err
	}
	if i := slices.IndexFunc(list.Rows, func(x query.Row) bool { return x.Subject == subject }); i >= 0 {
		d.id = list.Rows[i].ID
		return nil
	}
	upload, err := c.Upload(ctx, testpdf.Path("cong-van-1.pdf"))
	if err != nil {
		return err
	}
	in := map[string]any{
		"type_code": register.CongVan, "subject": subject, "urgency": 0, "signer_id": o.position("gd"),
		"files": []flow.FileInput{{Role: document.Main, UploadID: upload}},
	}
	var organs []string
	for _, x := range d.to {
		organs = append(organs, x.organID)
	}
	in["recipients"] = organs
	var p query.OutgoingPage
	err = c.Do(ctx, http.MethodPost, "/outgoing?secrecy=0", in, &p)
	d.id = p.Document.ID
	return err
}

// steps are whose act leads on from a state.
var steps = map[workflow.State][2]string{
	workflow.Draft: {"cv", "submit"}, workflow.InReview: {"tp", "approve-content"}, workflow.ContentApproved: {"tt", "approve-format"},
	workflow.FormatApproved: {"gd", "sign"}, workflow.Signed: {"vt", "number"}, workflow.Numbered: {"vt", "seal"},
	workflow.AgencySigned: {"vt", "issue"},
}

// advance does the next step of a document; nil when it is issued.
func (o *office) advance(ctx context.Context, d *dispatch) error {
	p, err := o.page(ctx, d.id)
	if err != nil {
		return err
	}
	if p.Document.State == workflow.Issued {
		d.code = register.FullCode(p.Document.Number, p.Document.Notation)
		return nil
	}
	step, ok := steps[p.Document.State]
	if !ok {
		return fmt.Errorf("unexpected state %s", p.Document.State)
	}
	c, err := o.as(ctx, step[0])
	if err != nil {
		return err
	}
	var body any
	switch step[1] {
	case "approve-content", "approve-format":
		body = map[string]string{"manifest": p.Manifest}
	case "sign":
		body = map[string]string{"viewed_sha256": document.MainFile(p.Document.Files).Version.Blob, "pin": demo.PIN}
	case "number":
		body = flow.NumberInput{}
	}
	if err := c.Do(ctx, http.MethodPost, "/outgoing/"+d.id+"/"+step[1], body, nil); err != nil {
		return err
	}
	return errAgain
}

// recall takes a document back from whoever has it by now; nil when it is taken back.
func (o *office) recall(ctx context.Context, d *dispatch) error {
	p, err := o.page(ctx, d.id)
	if err != nil || p.Document.State == workflow.Recalled {
		return err
	}
	c, err := o.as(ctx, "gd")
	if err == nil {
		err = c.Do(ctx, http.MethodPost, "/outgoing/"+d.id+"/recall", flow.RecallInput{Reason: "Gửi nhầm phụ lục (thử nghiệm)."}, nil)
	}
	var refused *walk.Problem
	if errors.As(err, &refused) && refused.Code == "nothing_to_recall" {
		return nil // every recipient has refused it meanwhile
	}
	return cmp.Or(err, errAgain)
}

// page is the document as its drafter sees it: with every delivery.
func (o *office) page(ctx context.Context, id string) (p query.OutgoingPage, err error) {
	c, err := o.as(ctx, "cv")
	if err != nil {
		return p, err
	}
	return p, c.Get(ctx, "/outgoing/"+id, &p)
}

// fate is what an office does with a document: it follows from the document alone, so that
// whoever comes back after a crash goes on with the same.
type fate int

const (
	left     fate = iota // not looked at
	refused              // 02
	accepted             // 03
	finished             // 03, 04, 05, 06
)

func (s *storm) fate(o *office, code string) fate {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %s", s.seed, o.organID, code)
	return []fate{left, refused, accepted, accepted, finished, finished}[h.Sum64()%6]
}

// receive looks into the incoming box again and again and does what the fate of each
// document says.
func (s *storm) receive(ctx context.Context, o *office) {
	for ctx.Err() == nil {
		rows, err := o.received(ctx)
		for _, row := range rows {
			if err == nil {
				err = s.handle(ctx, o, row)
			}
		}
		pause(ctx, 300*time.Millisecond)
	}
}

// received is everything that the clerk of an office has.
func (o *office) received(ctx context.Context) (rows []query.Row, err error) {
	c, err := o.as(ctx, "vt")
	if err != nil {
		return nil, err
	}
	for after := ""; ; {
		var page struct {
			Rows []query.Row `json:"rows"`
			Next string      `json:"next"`
		}
		if err := c.Get(ctx, "/incoming?limit=100&after="+after, &page); err != nil {
			return nil, err
		}
		rows = append(rows, page.Rows...)
		if after = page.Next; after == "" {
			return rows, nil
		}
	}
}

// next is the step of a received document in a state; false when there is none.
func (s *storm) next(o *office, row query.Row) (who, verb string, body any, ok bool) {
	f := s.fate(o, row.Code)
	switch {
	case row.Verdict == document.VerdictPending || f == left:
	case row.State == workflow.Received && f == refused:
		return "vt", "refuse", map[string]string{"reason": "Gửi nhầm nơi nhận (thử nghiệm)."}, true
	case row.State == workflow.Received:
		return "vt", "register", flow.RegisterInput{}, true
	case f != finished:
	case row.State == workflow.Registered:
		return "vt", "present", map[string]string{"leader_id": o.position("gd")}, true
	case row.State == workflow.Presented:
		return "gd", "assign", map[string]any{
			"opinion": "Giao chuyên viên xử lý.", "to": []map[string]string{{"position_id": o.position("cv"), "role": string(document.Lead)}},
		}, true
	case row.State == workflow.Directed:
		return "cv", "start", nil, true
	case row.State == workflow.InProgress:
		return "cv", "complete", map[string]string{"note": "Đã xử lý xong."}, true
	}
	return "", "", nil, false
}

func (s *storm) handle(ctx context.Context, o *office, row query.Row) error {
	if row.State == workflow.Recalled {
		return o.agree(ctx, row.ID)
	}
	who, verb, body, ok := s.next(o, row)
	if !ok {
		return nil
	}
	c, err := o.as(ctx, who)
	if err != nil {
		return err
	}
	err = c.Do(ctx, http.MethodPost, "/incoming/"+row.ID+"/"+verb, body, nil)
	var p *walk.Problem
	if errors.As(err, &p) && p.Status != http.StatusServiceUnavailable && p.Status != http.StatusConflict {
		s.Errorf("%s at %s: %v", verb, o.site.Name, err)
	}
	return err
}

// agree answers every recall of a document that waits for the clerk.
func (o *office) agree(ctx context.Context, id string) error {
	c, err := o.as(ctx, "vt")
	if err != nil || o.agreed[id] {
		return err
	}
	var p query.IncomingPage
	if err := c.Get(ctx, "/incoming/"+id, &p); err != nil {
		return err
	}
	for _, x := range p.Changes {
		if x.State == workflow.Waiting {
			if err := c.Do(ctx, http.MethodPost, "/changes/"+x.ID+"/agree", map[string]string{"note": "Đã hủy bỏ trên hệ thống."}, nil); err != nil {
				return err
			}
		}
	}
	o.agreed[id] = true
	return nil
}
