package flow

import (
	"context"
	"sync"
	"time"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/workflow"
	"congvan/signing"
)

// Validate is the job that checks every signature of every file of a received document
// (NĐ 30/2020 Đ.21.2), keeps the reports beside the versions, judges the document and only
// then answers 01.
func (f *Flow) Validate(ctx context.Context, id string) error {
	var d document.Incoming
	var issuer org.Agency // under all its codes: a certificate may carry another than the message
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		if d, err = tx.Incoming(id); err != nil {
			return err
		}
		if issuer, err = tx.AgencyByOrganID(d.From.OrganID); fault.KindOf(err) == fault.NotFound {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	_, facts, err := f.reports(ctx, d.Files, f.sharedReport)
	if err != nil {
		return err
	}
	verdict := document.Judge(d.From.OrganID, facts, func(certified, named string) bool {
		return org.SameOrganID(certified, named) || issuer.HasCode(certified)
	})
	return f.Store.Write(ctx, func(tx Tx) error {
		fresh, err := tx.Incoming(id)
		if err != nil {
			return err
		}
		first := fresh.Verdict == document.VerdictPending
		fresh.Verdict, fresh.UpdatedAt = verdict, f.now()
		if err := tx.PutIncoming(&fresh); err != nil {
			return err
		}
		if first {
			if err := f.notice(tx, system(fresh.AgencyID), &fresh, workflow.StatusArrived, "", false); err != nil {
				return err
			}
		}
		if err := tx.FinishJob(); err != nil {
			return err
		}
		return tx.Journal(f.entry(system(fresh.AgencyID), "VALIDATE", authz.Incoming, id, "", map[string]string{"verdict": string(verdict)}))
	})
}

// Verify is the job that keeps the reports of our own document's signatures for its page.
func (f *Flow) Verify(ctx context.Context, id string) error {
	var d document.Outgoing
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		d, err = tx.Outgoing(id)
		return err
	})
	if err != nil {
		return err
	}
	reports, _, err := f.reports(ctx, d.Files, f.report)
	if err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		if err := putReports(tx, reports); err != nil {
			return err
		}
		return tx.FinishJob()
	})
}

// reports validates every PDF; other files count as unsigned.
func (f *Flow) reports(ctx context.Context, files []document.File, check func(context.Context, document.Version) (judged, error)) (map[string]judged, []document.FileFact, error) {
	out := map[string]judged{}
	var facts []document.FileFact
	for _, x := range files {
		fact := document.FileFact{Role: x.Role, Readable: x.MediaType != mediaPDF && x.Role != document.Main}
		if x.MediaType == mediaPDF {
			rep, err := check(ctx, x.Version)
			if err != nil {
				return nil, nil, err
			}
			out[x.Version.Blob] = rep
			fact.Readable = rep.Verdict != signing.Unreadable
			fact.Signatures = signatureFacts(rep.Report)
		}
		facts = append(facts, fact)
	}
	return out, facts, nil
}

func (f *Flow) report(ctx context.Context, v document.Version) (judged, error) {
	return f.judge(ctx, v, f.Validator)
}

// judged is a report with the blob of what its verdict stood on.
type judged struct {
	*signing.Report
	evidence string
}

// judge has a version's stored bytes read again, whole, and judged, and keeps what the
// verdict stands on.
func (f *Flow) judge(ctx context.Context, v document.Version, by signing.Validator) (out judged, err error) {
	file, closer, err := f.open(ctx, v.Blob, nil)
	if err != nil {
		return out, err
	}
	defer func() { _ = closer.Close() }()
	if out.Report, err = by.Validate(ctx, file, f.now()); err != nil {
		return out, fault.New(fault.Unavailable, "validation_interrupted").Wrap(err)
	}
	if out.SHA256 != "" && out.SHA256 != v.Blob {
		return out, fault.New(fault.Internal, "stored_bytes_differ")
	}
	out.evidence, err = f.keepEvidence(ctx, out.Evidence)
	return out, err
}

// reportAge is how long a report stands for the same bytes received again.
const reportAge = time.Hour

// sharedReport gives the report on these bytes that is young enough and not in doubt, or
// makes and keeps one. A document to many agencies here is the same bytes for each: of all
// the checks that want to begin at once one does.
func (f *Flow) sharedReport(ctx context.Context, v document.Version) (judged, error) {
	done := f.checking.begin(v.Blob)
	defer done()
	var rep judged
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		rep.Report, err = tx.Report(v.Blob)
		return err
	})
	switch {
	case err == nil && rep.Verdict != signing.Unknown && f.now().Sub(rep.CheckedAt) < reportAge:
		return rep, nil
	case err != nil && fault.KindOf(err) != fault.NotFound:
		return rep, err
	}
	if rep, err = f.report(ctx, v); err != nil {
		return rep, err
	}
	return rep, f.Store.Write(ctx, func(tx Tx) error { return tx.PutReport(v.Blob, rep.Report, rep.evidence) })
}

// checks lets one at a time have a name.
type checks struct {
	mu      sync.Mutex
	waiting map[string]*check
}

type check struct {
	sync.Mutex
	n int
}

// begin waits until nobody has the name; done gives it on.
func (c *checks) begin(name string) (done func()) {
	c.mu.Lock()
	if c.waiting == nil {
		c.waiting = map[string]*check{}
	}
	k := c.waiting[name]
	if k == nil {
		k = &check{}
		c.waiting[name] = k
	}
	k.n++
	c.mu.Unlock()
	k.Lock()
	return func() {
		k.Unlock()
		c.mu.Lock()
		if k.n--; k.n == 0 {
			delete(c.waiting, name)
		}
		c.mu.Unlock()
	}
}

func signatureFacts(rep *signing.Report) []document.SignatureFact {
	var out []document.SignatureFact
	for _, s := range rep.Signatures {
		out = append(out, document.SignatureFact{
			Valid: s.Verdict == signing.Valid, Unknown: s.Verdict == signing.Unknown,
			OrganID: s.OrganID, Agency: s.OrganID != "",
		})
	}
	return out
}

func putReports(tx Tx, reports map[string]judged) error {
	for blob, rep := range reports {
		if err := tx.PutReport(blob, rep.Report, rep.evidence); err != nil {
			return err
		}
	}
	return nil
}
