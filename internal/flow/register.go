package flow

import (
	"context"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

// RegisterInput is the clerk's acceptance of a received document.
type RegisterInput struct {
	// Confirmed repeats an act that was answered with the warning "duplicate_reference" or
	// "signatures_not_sufficient": the clerk has seen it and means it.
	Confirmed bool `json:"confirmed"`
}

// Register accepts a received document and enters it in the incoming book (đăng ký văn bản
// đến, NĐ 30/2020 Đ.22): the next arrival number of the year, one series for paper and
// electronic, and 03 to the sender. A document whose number, notation and issuer repeat
// (RULE-11), or whose signatures do not suffice, is entered only when confirmed.
func (f *Flow) Register(ctx context.Context, a Actor, id string, in RegisterInput) (document.Incoming, error) {
	var d document.Incoming
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if d, _, err = f.incoming(tx, a, id, workflow.Register); err != nil {
			return err
		}
		if d.Verdict == document.VerdictPending {
			return fault.New(fault.Conflict, "verdict_pending")
		}
		if !in.Confirmed {
			if err := doubts(tx, &d); err != nil {
				return err
			}
		}
		if err := f.arrive(tx, &d); err != nil {
			return err
		}
		text := "Đã tiếp nhận, vào sổ văn bản đến số " + itoa(d.ArrivalNumber)
		if err := f.notice(tx, a, &d, workflow.StatusAccepted, text, false); err != nil {
			return err
		}
		return f.put(tx, a, &d, workflow.Register, map[string]string{
			"arrival_number": itoa(d.ArrivalNumber), "verdict": string(d.Verdict),
		})
	})
	return d, err
}

// doubts are the warnings a clerk must confirm.
func doubts(tx ReadTx, d *document.Incoming) error {
	like, err := tx.IncomingLike(d.AgencyID, d.From.OrganID, d.CodeNumber, d.CodeNotation)
	if err != nil {
		return err
	}
	for _, l := range like {
		if l.ID != d.ID && l.ArrivalNumber > 0 && l.IssuedDate.Year == d.IssuedDate.Year {
			return fault.New(fault.Conflict, "duplicate_reference").Field("confirmed").
				With("code", d.CodeNumber+"/"+d.CodeNotation).With("arrival_number", l.ArrivalNumber)
		}
	}
	if d.Channel != document.Paper && d.Verdict != document.VerdictSufficient {
		return fault.New(fault.Conflict, "signatures_not_sufficient").Field("confirmed").With("verdict", d.Verdict)
	}
	return nil
}

// arrive takes the next arrival number; the year is that of the day of registration.
func (f *Flow) arrive(tx Tx, d *document.Incoming) error {
	now := f.now()
	today := calendar.DateOf(now)
	book, err := tx.Book(register.Arrival(d.AgencyID, today))
	if err != nil {
		return err
	}
	n, book, err := book.Take(today)
	if err != nil {
		return err
	}
	d.ArrivalNumber, d.ArrivalYear, d.RegisteredAt = n, today.Year, &now
	return tx.PutBook(book)
}

// put moves an incoming document on, writes and journals it.
func (f *Flow) put(tx Tx, a Actor, d *document.Incoming, act workflow.Action, detail map[string]string) error {
	next, err := workflow.Next(workflow.Incoming, d.State, act)
	if err != nil {
		return err
	}
	d.State, d.UpdatedAt = next, f.now()
	if err := tx.PutIncoming(d); err != nil {
		return err
	}
	return tx.Journal(f.entry(a, act, authz.Incoming, d.ID, d.RawKey, detail))
}

// Refuse sends a received document back with a reason (trả lại, NĐ 30/2020 Đ.21.2b): 02.
func (f *Flow) Refuse(ctx context.Context, a Actor, id, why string) (document.Incoming, error) {
	var d document.Incoming
	if err := reason(why); err != nil {
		return d, err
	}
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if d, _, err = f.incoming(tx, a, id, workflow.Refuse); err != nil {
			return err
		}
		d.RefusalReason = strings.TrimSpace(why)
		if err := f.notice(tx, a, &d, workflow.StatusRefused, d.RefusalReason, false); err != nil {
			return err
		}
		return f.put(tx, a, &d, workflow.Refuse, map[string]string{"reason": d.RefusalReason})
	})
	return d, err
}

// PaperInput is a paper document as the clerk types it (NĐ 30/2020 Đ.22, Annex VI).
type PaperInput struct {
	Secrecy document.Secrecy `json:"secrecy"`
	document.Metadata
	From         document.Party `json:"from"`
	CodeNumber   string         `json:"code_number"`
	CodeNotation string         `json:"code_notation"`
	IssuedDate   calendar.Date  `json:"issued_date"`
	SignerName   string         `json:"signer_name"`
	SignerTitle  string         `json:"signer_title"`
	Files        []FileInput    `json:"files"` // scans
	Confirmed    bool           `json:"confirmed"`
}

// RegisterPaper enters a paper document in the same book and series as the electronic
// ones, with its scan.
func (f *Flow) RegisterPaper(ctx context.Context, a Actor, in PaperInput) (document.Incoming, error) {
	var d document.Incoming
	if err := authz.MayRegisterPaper(a).Err(); err != nil {
		return d, err
	}
	if err := document.GuardSecrecy(in.Secrecy); err != nil {
		return d, err
	}
	if err := in.Metadata.Validate(); err != nil {
		return d, err
	}
	if err := in.validate(); err != nil {
		return d, err
	}
	id, err := f.newID("inc-")
	if err != nil {
		return d, err
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		now := f.now()
		d = document.Incoming{
			ID: id, AgencyID: a.AgencyID, State: workflow.Received, Metadata: in.Metadata, Channel: document.Paper, From: in.From,
			CodeNumber: in.CodeNumber, CodeNotation: in.CodeNotation, IssuedDate: in.IssuedDate, SignerName: in.SignerName,
			SignerTitle: in.SignerTitle, Verdict: document.VerdictPaper, ReceivedAt: now, UpdatedAt: now,
		}
		for i, x := range in.Files {
			u, err := tx.Upload(x.UploadID)
			if err != nil || u.AccountID != a.AccountID {
				return fault.New(fault.Invalid, "upload_unknown").Field("files")
			}
			file, err := f.fileFrom(u, x.Role, i+1, document.VersionScan, a)
			if err != nil {
				return err
			}
			d.Files = append(d.Files, file)
		}
		if !in.Confirmed {
			if err := doubts(tx, &d); err != nil {
				return err
			}
		}
		if err := f.arrive(tx, &d); err != nil {
			return err
		}
		return f.put(tx, a, &d, workflow.Register, map[string]string{"arrival_number": itoa(d.ArrivalNumber), "channel": string(document.Paper)})
	})
	return d, err
}

func (in *PaperInput) validate() error {
	for _, x := range []struct {
		field, value string
		least, most  int
	}{
		{"from.organ_name", in.From.OrganName, 1, 200},
		{"from.organ_id", in.From.OrganID, 0, 50},
		{"code_number", in.CodeNumber, 1, 11},
		{"code_notation", in.CodeNotation, 1, 30},
		{"signer_name", in.SignerName, 0, 50},
		{"signer_title", in.SignerTitle, 0, 100},
	} {
		if err := document.Text(x.field, x.value, x.least, x.most); err != nil {
			return err
		}
	}
	if in.IssuedDate.IsZero() {
		return fault.New(fault.Invalid, "field_required").Field("issued_date")
	}
	if len(in.Files) == 0 {
		return fault.New(fault.Invalid, "field_required").Field("files")
	}
	return nil
}

// Present puts a registered document before a leader (trình, NĐ 30/2020 Đ.23).
func (f *Flow) Present(ctx context.Context, a Actor, id, leaderID string) (document.Incoming, error) {
	var d document.Incoming
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if d, _, err = f.incoming(tx, a, id, workflow.Present); err != nil {
			return err
		}
		p, err := tx.Position(leaderID)
		if err != nil || p.AgencyID != a.AgencyID || !p.Has(org.RoleLeader) {
			return fault.New(fault.Invalid, "leader_unknown").Field("leader_id")
		}
		d.PresentedTo = p.ID
		return f.put(tx, a, &d, workflow.Present, map[string]string{"leader": p.ID})
	})
	return d, err
}
