package walk

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"congvan/internal/authz"
	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/workflow"
	"congvan/signing"
)

// Road is one dispatch's way: Sở Ví dụ of installation A writes to an agency of A and to
// one of B; both receive, register and work on it, B answers, A sees the answer.
type Road struct {
	A, B string    // base addresses
	Out  io.Writer // where the steps are printed
	Save string    // folder for the files as received; empty: not kept
	// Level that every signature must have as the recipients judge it; empty: any.
	Level signing.Level

	step    int
	clients map[string]*Client
	clock   func() time.Time
}

// NewRoad prepares a walk over running installations.
func NewRoad(a, b string, out io.Writer, clock func() time.Time) *Road {
	return &Road{A: a, B: b, Out: out, clients: map[string]*Client{}, clock: clock}
}

// Files are the real PDFs of one dispatch and of its answer. Sender is the agency of A whose
// letter Main is, Peer the other agency of A that gets it.
type Files struct {
	Sender, Peer        string
	Main, Annex, Answer string
}

// organs are the identifiers of the demonstration's agencies by the name in their accounts.
func organs() map[string]string {
	return map[string]string{"svd": "H26.14", "stn": "H26.15", "sm": "H98.05"}
}

// at gives a signed-in client for an account of an installation.
func (r *Road) at(ctx context.Context, base, account string) (*Client, error) {
	if c, ok := r.clients[base+account]; ok {
		return c, nil
	}
	c, err := SignIn(ctx, base, account, demo.Password)
	if err != nil {
		return nil, err
	}
	r.clients[base+account] = c
	return c, nil
}

func (r *Road) say(format string, args ...any) {
	r.step++
	_, _ = fmt.Fprintf(r.Out, "%3d  %s\n", r.step, fmt.Sprintf(format, args...))
}

// Run walks the whole road once.
func (r *Road) Run(ctx context.Context, f Files) error {
	began := r.clock()
	out, err := r.send(ctx, dispatch{
		base: r.A, agency: f.Sender, main: f.Main, annex: f.Annex, recipients: []string{organs()[f.Peer], organs()["sm"]},
		subject: "V/v phối hợp triển khai kết nối, liên thông văn bản điện tử và ký số trong trao đổi văn bản năm 2026 (văn bản thử nghiệm)",
	})
	if err != nil {
		return err
	}
	code := out.Document.DocumentID
	if err := r.receive(ctx, r.A, f.Peer, code, false); err != nil {
		return err
	}
	incoming, err := r.accept(ctx, r.B, "sm", code)
	if err != nil {
		return err
	}
	if err := r.assign(ctx, r.B, "sm", incoming.Document.ID); err != nil {
		return err
	}
	answer, err := r.send(ctx, dispatch{
		base: r.B, agency: "sm", main: f.Answer, recipients: []string{organs()[f.Sender]}, replyTo: incoming.Document.ID,
		subject: "V/v trả lời đề nghị phối hợp triển khai kết nối, liên thông văn bản điện tử (văn bản thử nghiệm)",
	})
	if err != nil {
		return err
	}
	if err := r.receive(ctx, r.A, f.Sender, answer.Document.DocumentID, true); err != nil {
		return err
	}
	if err := r.complete(ctx, r.B, "sm", incoming.Document.ID); err != nil {
		return err
	}
	if err := r.conclude(ctx, f, out.Document.ID, answer); err != nil {
		return err
	}
	r.say("Trọn vẹn: %s đi, đến, được trả lời trong %s", code, r.clock().Sub(began).Round(10*time.Millisecond))
	return nil
}

// dispatch is what one agency sends.
type dispatch struct {
	base, agency, main, annex, subject, replyTo string
	recipients                                  []string
}

// send drafts, approves, signs, numbers, seals and issues.
func (r *Road) send(ctx context.Context, d dispatch) (query.OutgoingPage, error) {
	var p query.OutgoingPage
	official, err := r.at(ctx, d.base, "cv."+d.agency)
	if err != nil {
		return p, err
	}
	in, err := r.draftInput(ctx, official, d)
	if err != nil {
		return p, err
	}
	if err := official.Do(ctx, http.MethodPost, "/outgoing?secrecy=0", in, &p); err != nil {
		return p, fmt.Errorf("draft: %w", err)
	}
	id := p.Document.ID
	r.say("Soạn thảo    %s: %s (%s), phiên bản %.12s…", d.agency, filepath.Base(d.main), id, p.Manifest)
	act := func(who, verb string, body any) error {
		c, err := r.at(ctx, d.base, who+"."+d.agency)
		if err != nil {
			return err
		}
		if err := c.Do(ctx, http.MethodPost, "/outgoing/"+id+"/"+verb, body, &p); err != nil {
			return fmt.Errorf("%s by %s: %w", verb, c.Name, err)
		}
		return nil
	}
	if err := act("cv", "submit", nil); err != nil {
		return p, err
	}
	if err := act("tp", "approve-content", map[string]string{"manifest": p.Manifest}); err != nil {
		return p, err
	}
	if err := act("tt", "approve-format", map[string]string{"manifest": p.Manifest}); err != nil {
		return p, err
	}
	r.say("Duyệt        nội dung và thể thức, cùng phiên bản %.12s…", p.Manifest)
	if err := r.sign(ctx, d, &p, act); err != nil {
		return p, err
	}
	clerk, err := r.at(ctx, d.base, "vt."+d.agency)
	if err != nil {
		return p, err
	}
	if _, err := clerk.Await(ctx, id, workflow.Number); err != nil {
		return p, err
	}
	if err := act("vt", "number", flow.NumberInput{}); err != nil {
		return p, err
	}
	r.say("Cấp số       %s, ngày %s", register.FullCode(p.Document.Number, p.Document.Notation), p.Document.IssuedDate)
	if err := act("vt", "seal", nil); err != nil {
		return p, err
	}
	r.say("Ký số cơ quan %.12s…, %d tệp, cảnh báo: %v", document.MainFile(p.Document.Files).Version.Blob, len(p.Files), p.Document.Warnings)
	if p, err = clerk.Await(ctx, id, workflow.Issue); err != nil {
		return p, err
	}
	r.say("Mức chữ ký   %s, các tệp đã lưu được băm và kiểm tra lại: %v", p.Document.Level.Reached, p.Document.Level.CheckedAt != nil)
	if err := act("vt", "issue", nil); err != nil {
		return p, err
	}
	r.say("Phát hành    %s đến %d nơi nhận", p.Document.DocumentID, len(p.Deliveries))
	return p, nil
}

func (r *Road) draftInput(ctx context.Context, c *Client, d dispatch) (map[string]any, error) {
	files := []flow.FileInput{}
	for _, x := range []struct {
		path string
		role document.Role
	}{{d.main, document.Main}, {d.annex, document.Annex}} {
		if x.path == "" {
			continue
		}
		id, err := c.Upload(ctx, x.path)
		if err != nil {
			return nil, fmt.Errorf("upload %s: %w", filepath.Base(x.path), err)
		}
		files = append(files, flow.FileInput{Role: x.role, UploadID: id})
	}
	var staff struct {
		Staff []query.Member `json:"staff"`
	}
	if err := c.Get(ctx, "/directory/staff?role=LEADER", &staff); err != nil {
		return nil, err
	}
	signer := ""
	for _, m := range staff.Staff {
		if strings.HasSuffix(m.PositionID, "-gd") {
			signer = m.PositionID
		}
	}
	return map[string]any{
		"type_code": register.CongVan, "subject": d.subject, "urgency": 0, "signer_id": signer, "recipients": d.recipients,
		"files": files, "reply_to": d.replyTo, "to_places": []string{"Như trên", "Lưu: VT, VP"},
	}, nil
}

// sign looks at the approved bytes, as the leader's page does, and signs exactly them.
func (r *Road) sign(ctx context.Context, d dispatch, p *query.OutgoingPage, act func(who, verb string, body any) error) error {
	leader, err := r.at(ctx, d.base, "gd."+d.agency)
	if err != nil {
		return err
	}
	main := document.MainFile(p.Document.Files)
	seen, err := leader.Download(ctx, "/outgoing/"+p.Document.ID+"/files/"+main.ID+"/content", io.Discard)
	if err != nil {
		return fmt.Errorf("view: %w", err)
	}
	if seen != main.Version.Blob {
		return fmt.Errorf("view: the bytes seen (%s) are not the approved ones (%s)", seen, main.Version.Blob)
	}
	if err := act("gd", "sign", map[string]string{"viewed_sha256": seen, "pin": demo.PIN}); err != nil {
		return err
	}
	r.say("Lãnh đạo ký  đã xem %.12s…, ký thành %.12s…", seen, document.MainFile(p.Document.Files).Version.Blob)
	return nil
}

// conclude checks what the sender sees: every status of every recipient, and the answer.
func (r *Road) conclude(ctx context.Context, f Files, id string, answer query.OutgoingPage) error {
	c, err := r.at(ctx, r.A, "cv."+f.Sender)
	if err != nil {
		return err
	}
	want := map[string]workflow.State{organs()[f.Peer]: workflow.Acceptance, organs()["sm"]: workflow.Completed}
	var p query.OutgoingPage
	err = wait(ctx, "the statuses at the sender", func() (bool, error) {
		if err := c.Get(ctx, "/outgoing/"+id, &p); err != nil {
			return false, err
		}
		for _, d := range p.Deliveries {
			if d.State != want[d.Recipient.OrganID] {
				return false, nil
			}
		}
		return len(p.Answers) == 1, nil
	})
	if err != nil {
		return err
	}
	for _, d := range p.Deliveries {
		var steps []string
		for _, e := range d.Events {
			label := string(e.State)
			if e.Code != "" {
				label = e.Code + " " + label
			}
			steps = append(steps, label)
		}
		r.say("Trạng thái   %s (%s): %s", d.Recipient.OrganID, d.Channel, strings.Join(steps, " → "))
	}
	wantCode := register.FullCode(answer.Document.Number, answer.Document.Notation)
	if got := p.Answers[0]; got.Kind != authz.Incoming || got.Code != wantCode {
		return fmt.Errorf("the answer under the document is %s, want %s", got.Code, wantCode)
	}
	r.say("Trả lời      %s nằm dưới văn bản %s", wantCode, p.Document.DocumentID)
	return nil
}

// waitLimit bounds how long a step of another process may take.
const waitLimit = 90 * time.Second

// wait asks again and again until ok, an error or the limit.
func wait(ctx context.Context, what string, ok func() (bool, error)) error {
	ctx, stop := context.WithTimeout(ctx, waitLimit)
	defer stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := ok()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s for %s: %w", waitLimit, what, ctx.Err())
		case <-tick.C:
		}
	}
}
