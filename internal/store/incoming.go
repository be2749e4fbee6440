package store

import (
	"strconv"
	"strings"

	"congvan/internal/document"
	"congvan/internal/org"
	"congvan/internal/register"
)

var incomingTable = newTable("incoming", incomingColumns(new(document.Incoming)))

func incomingColumns(d *document.Incoming) columns {
	return append(columns{
		{"id", d.ID, &d.ID},
		{"agency_id", d.AgencyID, &d.AgencyID},
		{"state", d.State, &d.State},
		{"channel", d.Channel, &d.Channel},
		{"from_organ_id", d.From.OrganID, &d.From.OrganID},
		{"from_name", d.From.OrganName, &d.From.OrganName},
		{"content_hash", d.ContentHash, &d.ContentHash},
		{"document_id", d.DocumentID, &d.DocumentID},
		{"code_number", d.CodeNumber, &d.CodeNumber},
		{"code_notation", d.CodeNotation, &d.CodeNotation},
		{"issued_date", d.IssuedDate.String(), asDate{&d.IssuedDate}},
		{"signer_name", d.SignerName, &d.SignerName},
		{"signer_title", d.SignerTitle, &d.SignerTitle},
		{"competence", d.Competence, &d.Competence},
		{"response_for", inJSON{d.ResponseFor}, asJSON{&d.ResponseFor}},
		{"raw_key", d.RawKey, &d.RawKey},
		{"verdict", d.Verdict, &d.Verdict},
		{"arrival_number", d.ArrivalNumber, &d.ArrivalNumber},
		{"arrival_year", d.ArrivalYear, &d.ArrivalYear},
		{"received_at", micros(d.ReceivedAt), asTime{&d.ReceivedAt}},
		{"registered_at", microsOrNull(d.RegisteredAt), asTimePtr{&d.RegisteredAt}},
		{"resolved_at", microsOrNull(d.ResolvedAt), asTimePtr{&d.ResolvedAt}},
		{"presented_to", d.PresentedTo, &d.PresentedTo},
		{"refusal_reason", d.RefusalReason, &d.RefusalReason},
		{"previous_id", d.PreviousID, &d.PreviousID},
		{"updated_at", micros(d.UpdatedAt), asTime{&d.UpdatedAt}},
		{"from_key", org.OrganKey(d.From.OrganID), nil},
		{"code_key", codeKey(d.CodeNumber, d.CodeNotation), nil},
		{"search", incomingWords(d), nil},
	}, metadataColumns(&d.Metadata)...)
}

// codeKey is equal for number and notation that mean the same (RULE-11).
func codeKey(number, notation string) string {
	return register.ParseNotation(number + "/" + notation).Key()
}

func incomingWords(d *document.Incoming) string {
	text := []string{d.Subject, d.CodeNumber + "/" + d.CodeNotation, d.From.OrganName}
	if d.ArrivalNumber > 0 {
		text = append(text, strconv.Itoa(d.ArrivalNumber))
	}
	return words(strings.Join(text, "\n"))
}

func scanIncoming(row scanner) (document.Incoming, error) {
	var d document.Incoming
	err := row.Scan(append(incomingColumns(&d).dests(), &d.Row)...)
	return d, err
}

func (t *tx) incoming(where string, args ...any) ([]document.Incoming, error) {
	found, err := list(t, scanIncoming,
		"SELECT "+incomingTable.read+", d.rev FROM incoming d WHERE "+where+t.lock(), args...)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].Files, err = t.files("incoming_id", found[i].ID); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Incoming finds a received document with its files.
func (t *tx) Incoming(id string) (document.Incoming, error) {
	return one(t.incoming("d.id = ?", id))
}

// IncomingOf finds what an agency received from a sender under an identifier, newest first.
func (t *tx) IncomingOf(agencyID, fromOrganID, documentID string) ([]document.Incoming, error) {
	return t.incoming("d.agency_id = ? AND d.from_key = ? AND d.document_id = ? ORDER BY d.no DESC LIMIT 100",
		agencyID, org.OrganKey(fromOrganID), documentID)
}

// IncomingNamed finds what an agency received under an identifier, whoever sent it, newest
// first.
func (t *tx) IncomingNamed(agencyID, documentID string) ([]document.Incoming, error) {
	return t.incoming("d.agency_id = ? AND d.document_id = ? AND d.document_id <> '' ORDER BY d.no DESC LIMIT 100", agencyID, documentID)
}

// IncomingLike finds documents of one issuer whose number and notation mean the same,
// newest first; a reference without a number is like no other.
func (t *tx) IncomingLike(agencyID, fromOrganID, codeNumber, codeNotation string) ([]document.Incoming, error) {
	key := codeKey(codeNumber, codeNotation)
	if key == "" {
		return nil, nil
	}
	return t.incoming("d.agency_id = ? AND d.from_key = ? AND d.code_key = ? ORDER BY d.no DESC LIMIT 100",
		agencyID, org.OrganKey(fromOrganID), key)
}

// PutIncoming writes the document with its files.
func (t *tx) PutIncoming(d *document.Incoming) error {
	fresh := d.Row == 0
	if err := t.put(incomingTable, d.ID, &d.Row, incomingColumns(d)); err != nil {
		return err
	}
	if fresh {
		for _, r := range d.ResponseFor {
			if r.DocumentID == "" {
				continue
			}
			_, err := t.exec("INSERT INTO incoming_responses (incoming_id, document_id) VALUES (?, ?) ON CONFLICT DO NOTHING", d.ID, r.DocumentID)
			if err != nil {
				return err
			}
		}
	}
	if err := t.putFiles("incoming_id", d.ID, d.Files); err != nil {
		return err
	}
	return t.dueAgain(d.ID)
}

// dueAgain keeps the deadline by which a document is listed as overdue: the earliest of the
// open assignments, else the one the sender set; none once the work has ended or the document
// was taken back.
func (t *tx) dueAgain(incomingID string) error {
	_, err := t.exec(`UPDATE incoming SET deadline = CASE WHEN state IN ('RESOLVED', 'REFUSED', 'RECALLED', 'REPLACED') THEN '' ELSE COALESCE(
		(SELECT MIN(a.deadline) FROM assignments a WHERE a.incoming_id = incoming.id AND a.state IN ('PENDING', 'ACCEPTED') AND a.deadline <> ''),
		due_date) END WHERE id = ?`, incomingID)
	return err
}
