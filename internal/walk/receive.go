package walk

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/signing"
)

// accept waits for a document at an agency, looks at its verdict and registers it.
func (r *Road) accept(ctx context.Context, base, agency, documentID string) (query.IncomingPage, error) {
	var p query.IncomingPage
	clerk, err := r.at(ctx, base, "vt."+agency)
	if err != nil {
		return p, err
	}
	row, err := r.arrived(ctx, clerk, documentID)
	if err != nil {
		return p, err
	}
	if row.Verdict != document.VerdictSufficient {
		return p, fmt.Errorf("%s at %s: verdict %s, want SUFFICIENT", documentID, agency, row.Verdict)
	}
	if err := clerk.Do(ctx, http.MethodPost, "/incoming/"+row.ID+"/register", flow.RegisterInput{}, &p); err != nil {
		return p, fmt.Errorf("register: %w", err)
	}
	levels, err := r.levels(&p)
	if err != nil {
		return p, err
	}
	r.say("Tiếp nhận    %s: %s, mức chữ ký %s, số đến %d/%d", agency, row.Verdict, levels, p.Document.ArrivalNumber, p.Document.ArrivalYear)
	if r.Save == "" {
		return p, nil
	}
	for _, f := range p.Document.Files {
		if err := r.save(ctx, clerk, agency, &p, f); err != nil {
			return p, err
		}
	}
	return p, nil
}

// levels tells the level of every signature of every file as the recipient's own judge found
// it; with Road.Level none may be below.
func (r *Road) levels(p *query.IncomingPage) (string, error) {
	var out []string
	for _, f := range p.Files {
		if f.Report == nil {
			continue
		}
		var of []string
		for _, s := range f.Report.Signatures {
			of = append(of, s.Level)
			if r.Level != "" && !signing.Level(s.Level).Reaches(r.Level) {
				return "", fmt.Errorf("%s: the signature of %s is %s, want %s", f.Name, s.Signer, s.Level, r.Level)
			}
		}
		out = append(out, strings.Join(of, "+"))
	}
	return strings.Join(out, ", "), nil
}

func (r *Road) save(ctx context.Context, c *Client, agency string, p *query.IncomingPage, f document.File) error {
	name := filepath.Join(r.Save, fmt.Sprintf("%s-%02d-%d.pdf", agency, p.Document.ArrivalNumber, f.Ordinal))
	w, err := os.Create(name) //nolint:gosec // a folder the caller named
	if err != nil {
		return err
	}
	sum, err := c.Download(ctx, "/incoming/"+p.Document.ID+"/files/"+f.ID+"/content", w)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil && sum != f.Version.Blob {
		err = fmt.Errorf("%s: the bytes downloaded are not the recorded ones", f.Name)
	}
	return err
}

// arrived polls the clerk's box until the document is there and its signatures are checked.
func (r *Road) arrived(ctx context.Context, clerk *Client, documentID string) (query.Row, error) {
	code := documentID[strings.LastIndexByte(documentID, ',')+1:]
	var found query.Row
	err := wait(ctx, "document "+documentID+" at "+clerk.Name, func() (bool, error) {
		var page struct {
			Rows []query.Row `json:"rows"`
		}
		if err := clerk.Get(ctx, "/incoming?box=to-register&limit=100", &page); err != nil {
			return false, err
		}
		for _, row := range page.Rows {
			if row.Code == code && row.Verdict != document.VerdictPending {
				found = row
				return true, nil
			}
		}
		return false, nil
	})
	return found, err
}

// receive is accept followed, where work is expected, by everything up to the end.
func (r *Road) receive(ctx context.Context, base, agency, documentID string, work bool) error {
	p, err := r.accept(ctx, base, agency, documentID)
	if err != nil || !work {
		return err
	}
	if err := r.assign(ctx, base, agency, p.Document.ID); err != nil {
		return err
	}
	return r.complete(ctx, base, agency, p.Document.ID)
}

// assign presents the document to the leader, who directs it; the official begins.
func (r *Road) assign(ctx context.Context, base, agency, id string) error {
	clerk, err := r.at(ctx, base, "vt."+agency)
	if err != nil {
		return err
	}
	gd, cv, cv2 := position(agency, "gd"), position(agency, "cv"), position(agency, "cv2")
	if err := clerk.Do(ctx, http.MethodPost, "/incoming/"+id+"/present", map[string]string{"leader_id": gd}, nil); err != nil {
		return fmt.Errorf("present: %w", err)
	}
	leader, err := r.at(ctx, base, "gd."+agency)
	if err != nil {
		return err
	}
	deadline := r.clock().AddDate(0, 0, 7).UTC().Format(time.DateOnly)
	err = leader.Do(ctx, http.MethodPost, "/incoming/"+id+"/assign", map[string]any{
		"opinion": "Giao Văn phòng chủ trì, phối hợp các phòng liên quan tham mưu văn bản trả lời đúng hạn.",
		"to": []map[string]string{
			{"position_id": cv, "role": string(document.Lead), "deadline": deadline},
			{"position_id": cv2, "role": string(document.Coordinating), "deadline": deadline},
			{"position_id": position(agency, "tp"), "role": string(document.Information)},
		},
	}, nil)
	if err != nil {
		return fmt.Errorf("assign: %w", err)
	}
	official, err := r.at(ctx, base, "cv."+agency)
	if err != nil {
		return err
	}
	if err := official.Do(ctx, http.MethodPost, "/incoming/"+id+"/start", nil, nil); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	r.say("Phân công    %s: chủ trì, phối hợp, để biết; hạn %s; chuyên viên bắt đầu xử lý", agency, deadline)
	return nil
}

// position is the id of a demonstration account's position.
func position(agency, key string) string {
	site := "a-"
	if agency == "sm" {
		site = "b-"
	}
	return "pos-" + site + agency + "-" + key
}

func (r *Road) complete(ctx context.Context, base, agency, id string) error {
	official, err := r.at(ctx, base, "cv."+agency)
	if err != nil {
		return err
	}
	var p query.IncomingPage
	if err := official.Do(ctx, http.MethodPost, "/incoming/"+id+"/complete", map[string]string{"note": "Đã xử lý xong."}, &p); err != nil {
		return fmt.Errorf("complete: %w", err)
	}
	r.say("Hoàn thành   %s: số đến %d", agency, p.Document.ArrivalNumber)
	return nil
}

// Paper enters a scanned paper document in the same incoming book.
func (r *Road) Paper(ctx context.Context, scan string) error {
	clerk, err := r.at(ctx, r.A, "vt.svd")
	if err != nil {
		return err
	}
	id, err := clerk.Upload(ctx, scan)
	if err != nil {
		return err
	}
	var p query.IncomingPage
	code := fmt.Sprintf("%d", r.clock().UnixMicro()%1e9)
	err = clerk.Do(ctx, http.MethodPost, "/incoming/paper?secrecy=0", map[string]any{
		"type_code": register.CongVan, "subject": "V/v đề nghị cung cấp thông tin phục vụ khảo sát (văn bản giấy thử nghiệm)",
		"from": map[string]string{"organ_name": "Công ty Ví dụ"}, "code_number": code, "code_notation": "CV-VD",
		"issued_date": r.clock().UTC().Format(time.DateOnly), "signer_name": "Nguyễn Thị Ví Dụ", "signer_title": "Giám đốc",
		"files": []flow.FileInput{{Role: document.Main, UploadID: id}},
	}, &p)
	if err != nil {
		return fmt.Errorf("paper: %w", err)
	}
	r.say("Văn bản giấy vào cùng sổ đến: số %d/%d", p.Document.ArrivalNumber, p.Document.ArrivalYear)
	return nil
}

// Health asks both installations whether they are well.
func (r *Road) Health(ctx context.Context) error {
	for _, base := range []string{r.A, r.B} {
		u, err := url.JoinPath(base, "/api/v1/health")
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: health answers %d", base, resp.StatusCode)
		}
	}
	return nil
}
