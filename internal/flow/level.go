package flow

import (
	"context"
	"errors"
	"slices"
	"time"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/workflow"
	"congvan/signing"
)

// leaderLevel is what the competent person's signature must reach before anything is put on
// top of it: only the newest signature can still take a timestamp.
func (f *Flow) leaderLevel() signing.Level {
	if f.Level.Reaches(signing.LevelT) {
		return signing.LevelT
	}
	return signing.LevelB
}

// sealLevel is what a sealed document must reach before it is issued. One whose leader
// signed when no level was asked for, as in the past of a demonstration, cannot reach any:
// that signature has no timestamp and can get none any more.
func (f *Flow) sealLevel(d *document.Outgoing) signing.Level {
	if d.Level.Asked == "" {
		return signing.LevelB
	}
	return f.Level
}

// ask records in the transaction of a signing act which level its document is to reach, and
// has a job see to it: to a timestamp that is late, or to the long-term data and the check
// of what a seal has closed.
func (f *Flow) ask(tx Tx, d *document.Outgoing, asked signing.Level, late string) error {
	if !asked.Reaches(signing.LevelT) {
		return nil
	}
	now := f.now()
	d.Level = document.Level{Asked: string(asked), Reached: string(reached(d.Files))}
	if d.State == workflow.Signed && signing.Level(d.Level.Reached).Reaches(asked) {
		return nil
	}
	d.Level.Since = &now
	job := Job{Kind: JobLevel, ID: d.ID}
	if late != "" {
		job.RunAt, _ = d.Level.Failed(now, late)
	}
	return tx.Enqueue(job)
}

// reached is the level of all files that carry our signature.
func reached(files []document.File) signing.Level {
	least := signing.LevelLTA
	for _, x := range files {
		if l := signing.Level(x.Version.Level); l != "" && !l.Reaches(least) {
			least = l
		}
	}
	return least
}

// accepting refuses new signatures once timestamp servers have been missing for longer than
// grace allows (D7).
func (f *Flow) accepting(tx ReadTx) error {
	if !f.Level.Reaches(signing.LevelT) {
		return nil
	}
	w, err := tx.Waiting()
	if err != nil {
		return err
	}
	return document.CheckGrace(f.now(), w.Outage, f.Grace)
}

func (f *Flow) mayIssue(tx ReadTx, d *document.Outgoing) (byGrace bool, err error) {
	if !d.Level.Waiting() {
		return false, nil
	}
	w, err := tx.Waiting()
	if err != nil {
		return false, err
	}
	return d.Level.MayIssue(f.now(), w.Outage, f.Grace)
}

// RetryLevel has what a document's signatures wait for tried again at once.
func (f *Flow) RetryLevel(ctx context.Context, a Actor, id string) (document.Outgoing, error) {
	var d document.Outgoing
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if d, err = f.outgoing(tx, a, id, workflow.RetryLevel); err != nil {
			return err
		}
		if err := d.Level.Admits(workflow.RetryLevel, f.now(), time.Time{}, f.Grace); err != nil {
			return err
		}
		if err := tx.Enqueue(Job{Kind: JobLevel, ID: id}); err != nil {
			return err
		}
		return tx.Journal(f.entry(a, workflow.RetryLevel, authz.Outgoing, id, "", map[string]string{"code": d.Level.Code}))
	})
	return d, err
}

// Raise is the job that takes the signatures of a document to the level asked for: a late
// timestamp, then evidence and document timestamp, then the stored bytes hashed again and
// judged without a network. What it makes are new versions; nothing stored is changed. It
// may be repeated and may run twice at once: the document's own row decides.
func (f *Flow) Raise(ctx context.Context, id string) error {
	var d document.Outgoing
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		d, err = tx.Outgoing(id)
		return err
	})
	if err != nil {
		return err
	}
	var made []raised
	var cause error
	if d.Level.Waiting() {
		limited, stop := context.WithTimeout(ctx, raiseTimeout)
		made, cause = f.raiseAll(limited, &d)
		stop()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error { return f.commitRaise(tx, id, made, cause) })
}

// raiseTimeout bounds one try: less than a job may take, so that a try that was too slow is
// recorded as one.
const raiseTimeout = 100 * time.Second

// raised is what became of one file.
type raised struct {
	fileID string
	base   document.Version
	now    document.Version // base where nothing was added
	report judged
}

// raiseAll goes through the files that carry our signature. One that fails does not keep
// the others from their level.
func (f *Flow) raiseAll(ctx context.Context, d *document.Outgoing) (made []raised, cause error) {
	for _, x := range d.Files {
		if x.Version.Level == "" {
			continue
		}
		r := raised{fileID: x.ID, base: x.Version}
		var err error
		r.now, r.report, err = f.raise(ctx, d, x)
		if err != nil {
			cause = levelFault(err)
		}
		made = append(made, r)
	}
	return made, cause
}

// raise takes the signatures of one file as far as it can. A late timestamp is kept even
// where the rest fails.
func (f *Flow) raise(ctx context.Context, d *document.Outgoing, x document.File) (document.Version, judged, error) {
	asked, fields := signing.Level(d.Level.Asked), ourFields(d, x)
	base, kind, level := x.Version, x.Version.Kind, signing.Level(x.Version.Level)
	var tail []byte
	if !level.Reaches(signing.LevelT) {
		var err error
		if base, tail, err = f.stampLate(ctx, x, fields[len(fields)-1]); err != nil {
			return x.Version, judged{}, err
		}
		kind, level = document.VersionStamped, signing.LevelT
	}
	more, failed := f.longTerm(ctx, base, tail, fields, level, asked)
	if failed == nil {
		if tail = append(tail, more...); len(more) > 0 {
			kind = document.VersionLongTerm
		}
		level = asked
	}
	v := x.Version
	if len(tail) > 0 {
		var err error
		if v, err = f.extend(ctx, system(d.AgencyID), base, tail, kind); err != nil {
			return x.Version, judged{}, err
		}
		v.N, v.Level = x.Version.N+1, string(level)
	}
	rep, err := f.proven(ctx, v, fields, failed == nil)
	if err != nil {
		return x.Version, judged{}, err
	}
	return v, rep, failed
}

// ourFields are the signatures of ours in a file, in the order in which they were made.
func ourFields(d *document.Outgoing, x document.File) []string {
	switch {
	case x.Role != document.Main:
		return []string{FieldAnnex + "-" + d.ID}
	case d.State == workflow.Signed:
		return []string{FieldSigner}
	}
	return []string{FieldSigner, FieldAgency}
}

// stampLate puts a timestamp into the newest signature. It answers the version that the
// signature was made on and all that follows that: the signature's own update, in which
// only the digits of its Contents are other ones.
func (f *Flow) stampLate(ctx context.Context, x document.File, field string) (base document.Version, tail []byte, err error) {
	err = f.Store.Read(ctx, func(tx ReadTx) (err error) {
		base, err = tx.VersionOf(x.ID, x.Version.BaseBlob)
		return err
	})
	if err != nil {
		return base, nil, err
	}
	file, closer, err := f.open(ctx, x.Version.Blob, nil)
	if err != nil {
		return base, nil, err
	}
	defer func() { _ = closer.Close() }()
	patch, err := f.Augmenter.TimestampLate(ctx, file, field)
	if err != nil {
		return base, nil, err
	}
	tail = make([]byte, x.Version.Size-base.Size)
	if n, err := file.R.ReadAt(tail, base.Size); n < len(tail) {
		return base, nil, storageFault(err)
	}
	return base, tail, patch.Apply(tail, base.Size)
}

// longTerm is the update that takes base with its tail from one level to another; empty
// where it is there.
func (f *Flow) longTerm(ctx context.Context, base document.Version, tail []byte, fields []string, from, to signing.Level) ([]byte, error) {
	if from.Reaches(to) {
		return nil, nil
	}
	file, closer, err := f.open(ctx, base.Blob, base.HashState)
	if err != nil {
		return nil, err
	}
	defer func() { _ = closer.Close() }()
	return f.Augmenter.LongTerm(ctx, signing.Extended(file, tail), fields, to)
}

// proven reads the stored bytes of a version again, whole: their hash must be the recorded
// one, our signatures intact and, once done, valid at the version's level; at long-term
// levels for somebody who has only the anchors.
func (f *Flow) proven(ctx context.Context, v document.Version, fields []string, done bool) (judged, error) {
	level := signing.Level(v.Level)
	judge := f.Validator
	if done && level.Reaches(signing.LevelLT) {
		judge = f.Offline
	}
	rep, err := f.judge(ctx, v, judge)
	if err != nil {
		return rep, err
	}
	for _, field := range fields {
		i := slices.IndexFunc(rep.Signatures, func(s signing.SignatureReport) bool { return s.Field == field })
		if i < 0 {
			return rep, fault.New(fault.Internal, "level_not_proven").With("field", field)
		}
		s := rep.Signatures[i]
		if s.Integrity != "intact" || s.ChangesAft == "forbidden" || done && (s.Verdict != signing.Valid || !signing.Level(s.Level).Reaches(level)) {
			return rep, fault.New(fault.Internal, "level_not_proven").With("field", field).With("reached", s.Level).With("verdict", string(s.Verdict))
		}
	}
	return rep, nil
}

// commitRaise decides: the versions that were raised must still be the newest. What the
// document waits for is over, or goes on with the next try planned.
func (f *Flow) commitRaise(tx Tx, id string, made []raised, cause error) error {
	d, err := tx.Outgoing(id)
	if err != nil {
		return err
	}
	if !d.Level.Waiting() { // reached by another, returned or voided
		return tx.FinishJob()
	}
	if len(made) == 0 && cause == nil {
		return fault.New(fault.Conflict, "row_changed")
	}
	changed := false
	for _, r := range made {
		i := slices.IndexFunc(d.Files, func(x document.File) bool { return x.ID == r.fileID })
		if i < 0 || d.Files[i].Version.ID != r.base.ID {
			return fault.New(fault.Conflict, "row_changed")
		}
		if d.Files[i].Version.ID != r.now.ID {
			d.Files[i].Version, changed = r.now, true
		}
		if r.report.Report != nil {
			if err := tx.PutReport(r.now.Blob, r.report.Report, r.report.evidence); err != nil {
				return err
			}
		}
	}
	now, code := f.now(), ""
	if cause == nil {
		d.Level.Done(now)
		d.UpdatedAt = now
	} else {
		code = fault.From(cause).Code
		changed = changed || code != d.Level.Code
		d.Level.Reached = string(reached(d.Files))
		if next, plan := d.Level.Failed(now, code); plan {
			if err := tx.Enqueue(Job{Kind: JobLevel, ID: id, RunAt: next}); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(tx.PutOutgoing(&d), tx.FinishJob()); err != nil || !changed && cause != nil {
		return err
	}
	return tx.Journal(f.entry(system(d.AgencyID), "LEVEL", authz.Outgoing, id, document.MainFile(d.Files).Version.Blob, map[string]string{
		"asked": d.Level.Asked, "reached": d.Level.Reached, "code": code,
	}))
}

// WaitingLevels is the state of all documents that wait for their level, for the watch over
// the timestamp service.
func (f *Flow) WaitingLevels(ctx context.Context) (w Waiting, err error) {
	err = f.Store.Read(ctx, func(tx ReadTx) (err error) {
		w, err = tx.Waiting()
		return err
	})
	return w, err
}

// Alarm is when the watch raises its voice: a quarter of grace, after which documents no
// longer go out (D7).
func (f *Flow) Alarm() time.Duration { return f.Grace / 4 }

// levelFault says what an error of the augmenter means.
func levelFault(err error) error {
	for _, x := range []struct {
		is   error
		kind fault.Kind
		code string
	}{
		{signing.ErrTimestampUnavailable, fault.Unavailable, document.TimestampUnavailable},
		{signing.ErrEvidenceUnavailable, fault.Unavailable, document.EvidenceUnavailable},
		{signing.ErrTimestampRejected, fault.Internal, "timestamp_rejected"},
		{signing.ErrEvidenceAgainst, fault.Conflict, "evidence_against"},
		{signing.ErrOverflow, fault.Conflict, "signature_overflow"},
	} {
		if errors.Is(err, x.is) {
			return fault.New(x.kind, x.code).Wrap(err)
		}
	}
	return fault.From(err)
}
