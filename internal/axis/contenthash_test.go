package axis

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"

	"congvan/internal/axis/edxml"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/storage"
	"congvan/storage/memory"
)

// One document has one content hash: as a consignment of this installation, as the message
// it makes in either dialect, sent to others, and handed on by a relay.
func TestContentHashIsOne(t *testing.T) {
	ctx := t.Context()
	blobs := memory.New(t)
	var files []document.ConsignedFile
	for _, f := range []document.ConsignedFile{{Role: document.Main, Name: "cv.pdf"}, {Role: document.Annex, Name: "phu-luc.xlsx"}} {
		body := []byte("%PDF-1.7 " + f.Name)
		key := storage.Key(sha256.Sum256(body))
		if err := blobs.Put(ctx, key, int64(len(body)), bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		f.Blob, f.Size = key.String(), int64(len(body))
		files = append(files, f)
	}
	at := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	c := document.Consignment{
		From: document.Party{OrganID: "H99.14", OrganName: "Sở Ví dụ"}, InCharge: "UBND tỉnh Mẫu",
		To:         []document.Party{{OrganID: "H98.05", OrganName: "Sở Mẫu"}, {OrganID: "H98.06", OrganName: "Sở Khác"}},
		DocumentID: "H99.14,2026/11/20,145/SVD-VP", CodeNumber: "145", CodeNotation: "SVD-VP", Place: "Tỉnh Mẫu",
		IssuedDate: calendar.DateOf(at), TypeName: "Công văn", TypeDetail: 18, Subject: "V/v phối hợp", Urgency: document.Urgent,
		SignerName: "Nguyễn Văn Mẫu", SignerTitle: "Giám đốc", Competence: "KT. GIÁM ĐỐC", DueDate: calendar.DateOf(at.AddDate(0, 0, 9)),
		PageAmount: 3, Copies: 2, ToPlaces: []string{"Như trên", "Lưu: VT"}, SentAt: at, Files: files,
		ResponseFor: []document.Reference{{OrganID: "H98.05", Code: "1/SM", DocumentID: "H98.05,2026/11/01,1/SM", PromulgationDate: calendar.DateOf(at)}},
	}
	want := c.ContentHash()
	hash := func(raw []byte) (string, int64) {
		spool := edxml.NewTemp(t.TempDir())
		defer spool.Close()
		env, err := edxml.Read(ctx, bytes.NewReader(raw), edxml.Limits{}, spool.Open)
		if err != nil {
			t.Fatal(err)
		}
		return env.Message.Fingerprint(), env.TraceEnd
	}
	write := func(c document.Consignment, d edxml.Dialect) []byte {
		m, err := (&Courier{Blobs: blobs, Dialect: d}).message(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := edxml.Write(&b, m, d); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	raw := write(c, edxml.SDK())
	got, end := hash(raw)
	var relayed bytes.Buffer
	trace := edxml.TraceHeader{OrganId: "H99.00", Timestamp: "2026/11/20 10:16:00"}
	if err := edxml.Relay(&relayed, bytes.NewReader(raw), end, trace, edxml.SDK()); err != nil {
		t.Fatal(err)
	}
	spaced := bytes.ReplaceAll(relayed.Bytes(), []byte("\n"), []byte("\r\n\t "))
	dotnet, _ := hash(write(c, edxml.DotNet()))
	again, _ := hash(spaced)
	fewer := c
	fewer.To, fewer.SentAt = c.To[:1], at.Add(time.Hour)
	second, _ := hash(write(fewer, edxml.SDK()))
	for name, h := range map[string]string{"message": got, "other dialect": dotnet, "relayed": again, "sent again to fewer": second} {
		if h != want {
			t.Errorf("%s: %s, the consignment has %s", name, h, want)
		}
	}
	// What it is aimed at is part of it, and read back as it was meant.
	of := document.Earlier{Reference: document.Reference{
		OrganID: "H99.14", Code: "99/SVD-VP", DocumentID: "H99.14,2026/10/02,99/SVD-VP", PromulgationDate: calendar.DateOf(at),
	}, Recipients: []string{"H98.05"}}
	seen := map[string]bool{want: true}
	for _, aim := range []document.Aim{
		{Kind: document.Recall},
		{Kind: document.Update, Info: true},
		{Kind: document.Update, Receivers: []document.ReceiverChange{{OrganID: "H98.05"}, {OrganID: "H98.06", Added: true}}},
		{Kind: document.Replace},
	} {
		aim.Reason, aim.Of, aim.Targets = "Gửi nhầm", []document.Earlier{of}, [][]string{{of.DocumentID}}
		aimed := c
		aimed.Aim = &aim
		raw := write(aimed, edxml.SDK())
		h, _ := hash(raw)
		if h != aimed.ContentHash() || seen[h] {
			t.Errorf("%s: the message has %s, the consignment %s", aim.Kind, h, aimed.ContentHash())
		}
		seen[h] = true
		spool := edxml.NewTemp(t.TempDir())
		env, err := edxml.Read(ctx, bytes.NewReader(raw), edxml.Limits{}, spool.Open)
		if err != nil {
			t.Fatal(err)
		}
		got := aimOf(env.Message)
		if got == nil || got.Kind != aim.Kind || got.Reason != aim.Reason || got.Info != aim.Info || len(got.Receivers) != len(aim.Receivers) ||
			got.Targets[0][0] != of.DocumentID {
			t.Errorf("%s is read as %+v", aim.Kind, got)
		}
		_ = spool.Close()
	}
	c.SignerName += "."
	if c.ContentHash() == want {
		t.Error("another signer, the same hash")
	}
}
