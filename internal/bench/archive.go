package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"congvan/internal/app"
	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/journal"
	"congvan/internal/register"
	"congvan/internal/workflow"
	"congvan/signing"
	"congvan/storage"
)

// archive writes synthetic documents straight through the store, with everything their
// pages read: files, reports, approvals, deliveries, assignments and journal entries. All
// share one PDF; each says in its subject that it is synthetic.
type archive struct {
	tx   flow.Tx
	site site
	now  time.Time
	n    int
	blob string
	size int64
}

// inOneTransaction documents are written.
const inOneTransaction = 200

// fill writes the documents that lists are measured on.
func (b *bench) fill(ctx context.Context, a *app.App) error {
	pdf, err := os.ReadFile(filepath.Join(b.Samples, "cong-van-1.pdf"))
	if err != nil {
		return fmt.Errorf("samples: %w", err)
	}
	key := storage.Key(sha256.Sum256(pdf))
	if err := a.Blobs.Put(ctx, key, int64(len(pdf)), bytes.NewReader(pdf)); err != nil {
		return err
	}
	for from := 0; from < b.Documents; from += inOneTransaction {
		err := a.Store.Write(ctx, func(tx flow.Tx) error {
			w := archive{tx: tx, site: b.site, now: b.Clock(), n: b.Documents, blob: key.String(), size: int64(len(pdf))}
			if from == 0 {
				if err := tx.PutReport(w.blob, w.report(), ""); err != nil {
					return err
				}
			}
			for i := from; i < min(from+inOneTransaction, b.Documents); i++ {
				if err := w.outgoing(i); err != nil {
					return err
				}
				if err := w.incoming(i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// at is when the i-th of n documents was last changed: over one year, the newest last.
func (w *archive) at(i int) time.Time {
	const year = 365 * 24 * time.Hour
	return w.now.Add(-time.Duration(w.n-i) * (year / time.Duration(w.n))).UTC().Truncate(time.Microsecond)
}

// subject has the length that real ones have, and words to search by.
func subject(i int) string {
	topics := []string{
		"triển khai kết nối, liên thông hệ thống quản lý văn bản và điều hành", "rà soát, đơn giản hóa thủ tục hành chính nội bộ",
		"báo cáo kết quả thực hiện nhiệm vụ trọng tâm quý", "phối hợp kiểm tra công tác văn thư, lưu trữ tại các đơn vị trực thuộc",
		"cử cán bộ tham gia lớp bồi dưỡng kỹ năng sử dụng chữ ký số", "góp ý dự thảo kế hoạch chuyển đổi số giai đoạn tới",
		"tăng cường bảo đảm an toàn thông tin mạng trong dịp nghỉ lễ",
	}
	return fmt.Sprintf("V/v %s, đợt %d năm 2026 của các cơ quan, đơn vị trên địa bàn (văn bản tổng hợp dùng để đo tốc độ)", topics[i%len(topics)], i+1)
}

func (w *archive) file(id string, kind document.VersionKind, at time.Time, by string) document.File {
	return document.File{
		ID: "fil-" + id, Role: document.Main, Ordinal: 1, Name: "van-ban-tong-hop.pdf", MediaType: "application/pdf",
		Version: document.Version{ID: "ver-" + id, N: 1, Kind: kind, Blob: w.blob, Size: w.size, Pages: 1, CreatedAt: at, CreatedBy: by},
	}
}

// outgoing writes the i-th outgoing document: nine of ten are issued, the others wait
// somewhere.
func (w *archive) outgoing(i int) error {
	who := func(key string) authz.Subject { return w.site.actor(agency, key) }
	cv, at := who([]string{"cv", "cv2"}[i%2]), w.at(i)
	waiting := []workflow.State{workflow.Draft, workflow.InReview, workflow.ContentApproved, workflow.FormatApproved}
	id := fmt.Sprintf("out-tong-hop-%06d", i)
	d := document.Outgoing{
		ID: id, AgencyID: cv.AgencyID, UnitID: cv.UnitID, State: workflow.Issued, Edition: 1, DrafterID: cv.PositionID, SignerID: who("gd").PositionID,
		Metadata: document.Metadata{
			TypeCode: register.CongVan, Subject: subject(i), Urgency: document.Urgency(i % 4), PageAmount: 1, Language: "vi", ToPlaces: []string{"Như trên", "Lưu: VT, VP"},
		},
		Recipients: []document.Party{{OrganID: "H26.15", OrganName: "Sở Thử nghiệm"}, {OrganID: "H98.05", OrganName: "Sở Mẫu tỉnh Mẫu"}},
		CreatedAt:  at.Add(-48 * time.Hour), UpdatedAt: at, Files: []document.File{w.file(id, document.VersionSealed, at, cv.PositionID)},
	}
	issued := i%10 != 9
	if issued {
		d.Number, d.Notation, d.SeriesID, d.IssuedDate = i+1, "SVD-VP", "TONG-HOP", calendar.DateOf(at)
		d.DocumentID = fmt.Sprintf("H26.14,%s,%d/SVD-VP", at.Format("2006/01/02"), i+1)
		d.SignedAt, d.IssuedAt = &at, &at
	} else {
		d.State = waiting[i/10%len(waiting)]
	}
	for _, k := range []document.ApprovalKind{document.ContentApproval, document.FormatApproval} {
		d.Approvals = append(d.Approvals, document.Approval{
			Kind: k, Edition: 1, Manifest: d.Manifest(), PositionID: who("tp").PositionID, PersonName: who("tp").PersonName, At: at,
		})
	}
	if err := w.tx.PutOutgoing(&d); err != nil {
		return err
	}
	if err := w.journal(authz.Outgoing, id, at, cv, workflow.Submit, workflow.ApproveContent, workflow.Sign, workflow.Issue); err != nil || !issued {
		return err
	}
	for n, to := range d.Recipients {
		v := document.Delivery{
			ID: fmt.Sprintf("dlv-%s-%d", id, n), OutgoingID: id, AgencyID: d.AgencyID, Recipient: to, Channel: document.Internal,
			State: workflow.Completed, DocumentID: d.DocumentID, Attempts: 1, QueuedAt: at, UpdatedAt: at,
		}
		for k, s := range []workflow.State{workflow.Queued, workflow.Sent, workflow.Arrived, workflow.Acceptance, workflow.Completed} {
			v.Events = append(v.Events, document.StatusEvent{State: s, By: to.OrganName, At: at.Add(time.Duration(k) * time.Minute), RecordedAt: at})
		}
		if err := w.tx.PutDelivery(&v); err != nil {
			return err
		}
	}
	return nil
}

// incoming writes the i-th incoming document: most are done, the others wait somewhere.
func (w *archive) incoming(i int) error {
	vt, gd, at := w.site.actor(agency, "vt"), w.site.actor(agency, "gd"), w.at(i)
	id := fmt.Sprintf("inc-tong-hop-%06d", i)
	d := document.Incoming{
		ID: id, AgencyID: vt.AgencyID, State: workflow.Resolved, Channel: document.Internal,
		Metadata: document.Metadata{TypeCode: register.CongVan, Subject: subject(i), Urgency: document.Urgency(i % 4), PageAmount: 1, Language: "vi"},
		From:     document.Party{OrganID: "H26.15", OrganName: "Sở Thử nghiệm"}, ContentHash: id, DocumentID: fmt.Sprintf("H26.15,%s,%d/STN-VP", at.Format("2006/01/02"), i+1),
		CodeNumber: fmt.Sprint(i + 1), CodeNotation: "STN-VP", IssuedDate: calendar.DateOf(at), SignerName: "Hoàng Văn Kiểm Thử", SignerTitle: "Giám đốc",
		RawKey: w.blob, Verdict: document.VerdictSufficient, ArrivalNumber: i + 1, ArrivalYear: 2000, ReceivedAt: at, UpdatedAt: at, PresentedTo: gd.PositionID,
		Files: []document.File{w.file(id, document.VersionReceived, at, "")},
	}
	work := workflow.Done
	switch i % 20 {
	case 17:
		d.State, d.ArrivalNumber, d.ArrivalYear = workflow.Received, 0, 0
	case 18:
		d.State = workflow.Presented
	case 19:
		d.State, work = workflow.InProgress, workflow.Accepted
	}
	if err := w.tx.PutIncoming(&d); err != nil {
		return err
	}
	if d.State == workflow.InProgress || d.State == workflow.Resolved {
		for k, key := range []string{"cv", "cv2", "tp"} {
			to := w.site.actor(agency, key)
			a := document.Assignment{
				ID: fmt.Sprintf("asg-%s-%d", id, k), IncomingID: id, GiverID: gd.PositionID, PositionID: to.PositionID, UnitID: to.UnitID, State: work,
				Role: []document.AssignmentRole{document.Lead, document.Coordinating, document.Information}[k], Deadline: calendar.DateOf(at).AddDays(7),
				Opinion: "Giao Văn phòng chủ trì tham mưu văn bản trả lời đúng hạn.", CreatedAt: at,
			}
			if err := w.tx.PutAssignment(&a); err != nil {
				return err
			}
		}
	}
	return w.journal(authz.Incoming, id, at, vt, workflow.Register, workflow.Present, workflow.Assign, workflow.Complete)
}

func (w *archive) journal(kind authz.Kind, id string, at time.Time, a authz.Subject, acts ...workflow.Action) error {
	for _, act := range acts {
		err := w.tx.Journal(journal.Entry{
			At: at, Actor: journal.Actor{AccountID: a.AccountID, Name: a.PersonName}, Position: a.PositionID, Agency: a.AgencyID,
			Action: string(act), ObjectKind: string(kind), ObjectID: id, VersionHash: w.blob,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// report is the shape of a sealed document's: two signatures.
func (w *archive) report() *signing.Report {
	r := &signing.Report{Verdict: signing.Valid, CheckedAt: w.now, SHA256: w.blob}
	for _, field := range []string{flow.FieldSigner, flow.FieldAgency} {
		sum := sha256.Sum256([]byte(field))
		r.Signatures = append(r.Signatures, signing.SignatureReport{
			Field: field, SubFilter: "ETSI.CAdES.detached", Signer: "Chữ ký tổng hợp", Subject: "CN=Chữ ký tổng hợp,OU=CHỨNG THƯ THỬ NGHIỆM,C=VN",
			Issuer: "Cơ quan chứng thực trình diễn", Fingerprint: hex.EncodeToString(sum[:]), Level: "B-B", Covers: "revision", Integrity: "intact",
			ChangesAft: "permitted", Trust: "trusted", Revocation: "good", Time: &w.now, TimeSource: "claimed", Verdict: signing.Valid,
		})
	}
	return r
}
