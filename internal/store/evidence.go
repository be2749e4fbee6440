package store

import (
	"context"

	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/signing"
)

// Report is the newest validation report on these bytes.
func (t *tx) Report(blob string) (*signing.Report, error) {
	var r signing.Report
	err := get(t, []any{asJSON{&r}}, "SELECT report FROM reports WHERE blob_key = ? ORDER BY no DESC LIMIT 1", blob)
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// Evidence is the blob of what the newest report on these bytes stood on.
func (t *tx) Evidence(blob string) (string, error) {
	var e string
	err := get(t, []any{&e}, "SELECT evidence FROM reports WHERE blob_key = ? ORDER BY no DESC LIMIT 1", blob)
	if err == nil && e == "" {
		err = fault.Missing()
	}
	return e, err
}

// PutReport adds a report; the earlier ones stay.
func (t *tx) PutReport(blob string, r *signing.Report, evidence string) error {
	_, err := t.exec("INSERT INTO reports (blob_key, verdict, checked_at, report, evidence) VALUES (?, ?, ?, ?, ?)",
		blob, r.Verdict, micros(r.CheckedAt), inJSON{r}, evidence)
	return err
}

var intentTable = newTable("intents", intentColumns(new(flow.Intent)))

func intentColumns(i *flow.Intent) columns {
	return columns{
		{"id", i.ID, &i.ID},
		{"document_id", i.DocumentID, &i.DocumentID},
		{"file_id", i.FileID, &i.FileID},
		{"purpose", i.Purpose, &i.Purpose},
		{"position_id", i.PositionID, &i.PositionID},
		{"person_name", i.PersonName, &i.PersonName},
		{"base_blob", i.BaseBlob, &i.BaseBlob},
		{"digest", i.Digest, &i.Digest},
		{"key_uri", i.KeyURI, &i.KeyURI},
		{"intended_at", micros(i.At), asTime{&i.At}},
		{"outcome", i.Outcome, &i.Outcome},
		{"code", i.Code, &i.Code},
		{"result_blob", i.ResultBlob, &i.ResultBlob},
		{"done_at", microsOrNull(i.DoneAt), asTimePtr{&i.DoneAt}},
	}
}

// PutIntent writes who is about to sign what, and later what came of it.
func (t *tx) PutIntent(i *flow.Intent) error {
	return t.put(intentTable, i.ID, &i.Row, intentColumns(i))
}

// Intents gives the signing acts of a document, oldest first.
func (s *Store) Intents(ctx context.Context, documentID string) ([]flow.Intent, error) {
	scan := func(row scanner) (flow.Intent, error) {
		var i flow.Intent
		err := row.Scan(append(intentColumns(&i).dests(), &i.Row)...)
		return i, err
	}
	return list(pool{ctx, s}, scan, "SELECT "+intentTable.read+", d.rev FROM intents d WHERE d.document_id = ? ORDER BY d.no", documentID)
}

var uploadTable = newTable("uploads", uploadColumns(new(flow.Upload)))

func uploadColumns(u *flow.Upload) columns {
	return columns{
		{"id", u.ID, &u.ID},
		{"account_id", u.AccountID, &u.AccountID},
		{"position_id", u.PositionID, &u.PositionID},
		{"name", u.Name, &u.Name},
		{"media_type", u.MediaType, &u.MediaType},
		{"blob_key", u.Blob, &u.Blob},
		{"size", u.Size, &u.Size},
		{"hash_state", u.HashState, &u.HashState},
		{"pages", u.Pages, &u.Pages},
		{"uploaded_at", micros(u.At), asTime{&u.At}},
	}
}

// Upload finds a stored file that no document holds yet.
func (t *tx) Upload(id string) (flow.Upload, error) {
	var u flow.Upload
	err := get(t, uploadColumns(&u).dests(), uploadTable.sel("WHERE d.id = ?"), id)
	return u, err
}

// PutUpload writes it.
func (t *tx) PutUpload(u flow.Upload) error {
	_, err := t.exec(uploadTable.upsert, uploadColumns(&u).args()...)
	return err
}
