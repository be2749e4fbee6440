package document

import (
	"strconv"
	"time"

	"congvan/internal/fault"
	"congvan/internal/workflow"
)

// Level is how far the signatures of a document are on the way to the level asked for (mức
// của chữ ký số, ETSI EN 319 142-1): facts beside the state, which they never change. The
// names are those of package signing: B-B, B-T, B-LT, B-LTA.
type Level struct {
	Asked     string     `json:"asked"`      // by the newest act: B-T of the leader, the configured one of the seal; empty: none
	Reached   string     `json:"reached"`    // by every file that carries our signature
	Since     *time.Time `json:"since"`      // waiting since; nil once reached
	NextAt    *time.Time `json:"next_at"`    // of the next try by itself
	Tries     int        `json:"tries"`      // that failed
	Code      string     `json:"code"`       // catalogue code of the newest failure
	CheckedAt *time.Time `json:"checked_at"` // when the stored bytes were hashed again and judged
	GraceAt   *time.Time `json:"grace_at"`   // issued before the level was reached, by grace
}

// Codes of a failure to reach a level.
const (
	// TimestampUnavailable: no timestamp server answers. It concerns all documents alike.
	TimestampUnavailable = "timestamp_unavailable"
	// EvidenceUnavailable: no answer about the revocation of a certificate of this document.
	EvidenceUnavailable = "evidence_unavailable"
)

// Waiting tells that the level is still to be reached.
func (l Level) Waiting() bool { return l.Since != nil }

// passing tells that a service is missing, which grace is for.
func (l Level) passing() bool { return l.Code == TimestampUnavailable || l.Code == EvidenceUnavailable }

// Settled is nil when something may be put on top of the newest signature: while that waits
// for its timestamp nothing may, since only the newest can still take one.
func (l Level) Settled() error {
	if !l.Waiting() {
		return nil
	}
	return fault.New(fault.Conflict, "timestamp_pending").With("level", l.Asked).With("cause", l.Code)
}

// CheckGrace is nil while new signatures are accepted without a timestamp server: the
// outage has lasted less than grace. A zero outage is none.
func CheckGrace(now, outage time.Time, grace time.Duration) error {
	if outage.IsZero() || now.Sub(outage) < grace {
		return nil
	}
	return fault.New(fault.Unavailable, "grace_over").With("hours", hours(now.Sub(outage))).With("grace", hours(grace))
}

// MayIssue tells whether the document may leave: its level is reached, or only missing
// services keep it from it and grace has not run out since the outage, or the wait, began.
// Issuing by grace is to be recorded.
func (l Level) MayIssue(now, outage time.Time, grace time.Duration) (byGrace bool, err error) {
	switch {
	case !l.Waiting():
		return false, nil
	case !l.passing():
		return false, fault.New(fault.Conflict, "level_pending").With("level", l.Asked).With("reached", l.Reached).With("cause", l.Code)
	}
	began := *l.Since
	if l.Code == TimestampUnavailable && !outage.IsZero() && outage.Before(began) {
		began = outage
	}
	return true, CheckGrace(now, began, grace)
}

// Admits is nil when the level lets an act happen that the state allows.
func (l Level) Admits(act workflow.Action, now, outage time.Time, grace time.Duration) error {
	switch act {
	case workflow.Number, workflow.Seal:
		return l.Settled()
	case workflow.Issue:
		_, err := l.MayIssue(now, outage, grace)
		return err
	case workflow.RetryLevel:
		if !l.Waiting() {
			return fault.New(fault.Conflict, "level_reached")
		}
	}
	return nil
}

// Failed records a try that failed at a time and says whether the next one is to be
// planned: of a try made between the planned ones, such as at somebody's wish, it is not.
func (l *Level) Failed(now time.Time, code string) (next time.Time, plan bool) {
	l.Code = code
	l.Tries++
	if l.NextAt != nil && now.Add(time.Second).Before(*l.NextAt) {
		return *l.NextAt, false
	}
	steps := [...]time.Duration{1, 2, 5, 10, 30, 60, 120, 300}
	next = now.Add(steps[min(max(l.Tries, 1), len(steps))-1] * time.Second)
	l.NextAt = &next
	return next, true
}

// Done records that the level is reached and that the stored bytes bear it out.
func (l *Level) Done(now time.Time) {
	l.Reached, l.Since, l.NextAt, l.Code, l.CheckedAt = l.Asked, nil, nil, "", &now
}

// hours writes a duration in hours, with a decimal below ten.
func hours(d time.Duration) string {
	if h := d.Hours(); h < 10 {
		return strconv.FormatFloat(h, 'f', 1, 64)
	}
	return strconv.Itoa(int(d.Hours()))
}

// SentFile is what left the agency of one file: later versions are the archive's alone.
type SentFile struct {
	FileID string `json:"file_id"`
	Blob   string `json:"blob"`
	Size   int64  `json:"size"`
}

// Send records the files as they leave now.
func (d *Outgoing) Send() {
	d.Sent = nil
	for _, f := range d.Files {
		d.Sent = append(d.Sent, SentFile{FileID: f.ID, Blob: f.Version.Blob, Size: f.Version.Size})
	}
}

// AsSent is the content of a file that every recipient gets: that of the time of issue.
func (d *Outgoing) AsSent(f File) SentFile {
	for _, s := range d.Sent {
		if s.FileID == f.ID {
			return s
		}
	}
	return SentFile{FileID: f.ID, Blob: f.Version.Blob, Size: f.Version.Size}
}
