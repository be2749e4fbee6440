package store

import (
	"context"

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

// PutReport adds a report; the earlier ones stay.
func (t *tx) PutReport(blob string, r *signing.Report) error {
	_, err := t.exec("INSERT INTO reports (blob_key, verdict, checked_at, report) VALUES (?, ?, ?, ?)",
		blob, r.Verdict, micros(r.CheckedAt), inJSON{r})
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

var quarantineTable = newTable("quarantine", quarantineColumns(new(flow.Quarantined)))

func quarantineColumns(q *flow.Quarantined) columns {
	return columns{
		{"id", q.ID, &q.ID},
		{"agency_id", noneAsNull(q.AgencyID), asNone{&q.AgencyID}},
		{"channel", q.Channel, &q.Channel},
		{"from_organ_id", q.From.OrganID, &q.From.OrganID},
		{"from_name", q.From.OrganName, &q.From.OrganName},
		{"document_id", q.DocumentID, &q.DocumentID},
		{"raw_key", q.RawKey, &q.RawKey},
		{"reason", q.Reason, &q.Reason},
		{"secret", q.Secret, &q.Secret},
		{"set_aside_at", micros(q.At), asTime{&q.At}},
	}
}

// PutQuarantine sets a message aside; one of the same ID stays as it is.
func (t *tx) PutQuarantine(q flow.Quarantined) (bool, error) {
	added, err := t.exec(`INSERT INTO quarantine (id, agency_id, channel, from_organ_id, from_name, document_id, raw_key, reason, secret, set_aside_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`, quarantineColumns(&q).args()...)
	return added == 1, err
}

// asNone reads an absent reference as an empty one.
type asNone struct{ to *string }

func (a asNone) Scan(src any) (err error) {
	if *a.to = ""; src != nil {
		*a.to, err = asText(src)
	}
	return err
}

// Quarantine gives the messages set aside, newest first, at most limit. What is secret is
// readable by nobody: of it the record tells only that it came, when and for whom.
func (s *Store) Quarantine(ctx context.Context, limit int) ([]flow.Quarantined, error) {
	scan := func(row scanner) (flow.Quarantined, error) {
		var q flow.Quarantined
		err := row.Scan(quarantineColumns(&q).dests()...)
		if q.Secret {
			q.RawKey, q.DocumentID = "", ""
		}
		return q, err
	}
	return list(pool{ctx, s}, scan, quarantineTable.sel("ORDER BY d.set_aside_at DESC, d.id LIMIT ?"), limit)
}
