package document_test

import (
	"testing"
	"time"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/workflow"
)

var noon = time.Date(2026, 11, 19, 5, 0, 0, 0, time.UTC)

func waiting(since time.Duration, code string) document.Level {
	at := noon.Add(-since)
	return document.Level{Asked: "B-LTA", Reached: "B-T", Since: &at, Code: code}
}

// TestMayIssue: the level is reached, or a service is missing and grace has not run out.
func TestMayIssue(t *testing.T) {
	const grace = 8 * time.Hour
	for name, x := range map[string]struct {
		level   document.Level
		outage  time.Duration // ago; 0: none
		byGrace bool
		code    string
	}{
		"none asked":                    {document.Level{}, 0, false, ""},
		"reached":                       {document.Level{Asked: "B-LTA", Reached: "B-LTA"}, 9 * time.Hour, false, ""},
		"on its way":                    {waiting(time.Second, ""), 0, false, "level_pending"},
		"no room":                       {waiting(time.Hour, "signature_overflow"), time.Hour, false, "level_pending"},
		"no server":                     {waiting(time.Hour, document.TimestampUnavailable), time.Hour, true, ""},
		"no server for long":            {waiting(time.Hour, document.TimestampUnavailable), 8 * time.Hour, true, "grace_over"},
		"this one waits for long":       {waiting(8*time.Hour, document.TimestampUnavailable), 0, true, "grace_over"},
		"no evidence, another's outage": {waiting(time.Hour, document.EvidenceUnavailable), 9 * time.Hour, true, ""},
	} {
		var outage time.Time
		if x.outage > 0 {
			outage = noon.Add(-x.outage)
		}
		byGrace, err := x.level.MayIssue(noon, outage, grace)
		if byGrace != x.byGrace || (err == nil) != (x.code == "") || err != nil && !fault.Is(err, x.code) {
			t.Errorf("%s: %v %v, want %v %q", name, byGrace, err, x.byGrace, x.code)
		}
	}
	if err := document.CheckGrace(noon, time.Time{}, 0); err != nil {
		t.Errorf("no outage: %v", err)
	}
	if err := document.CheckGrace(noon, noon.Add(-time.Minute), time.Minute); !fault.Is(err, "grace_over") {
		t.Errorf("grace has run out: %v", err)
	}
}

// TestNothingOnTop: while a signature waits, nothing is numbered or sealed on it.
func TestNothingOnTop(t *testing.T) {
	l := waiting(time.Second, "")
	if err := l.Settled(); !fault.Is(err, "timestamp_pending") {
		t.Errorf("waiting: %v", err)
	}
	l.Done(noon)
	if err := l.Settled(); err != nil || l.Waiting() || l.Reached != "B-LTA" || !l.CheckedAt.Equal(noon) {
		t.Errorf("reached: %v %+v", err, l)
	}
}

// TestAdmits: what a page offers while a level is on its way.
func TestAdmits(t *testing.T) {
	for _, x := range []struct {
		level document.Level
		want  map[workflow.Action]bool
	}{
		{document.Level{}, map[workflow.Action]bool{workflow.Number: true, workflow.Seal: true, workflow.Issue: true, workflow.RetryLevel: false, workflow.Return: true}},
		{waiting(0, ""), map[workflow.Action]bool{workflow.Number: false, workflow.Seal: false, workflow.Issue: false, workflow.RetryLevel: true, workflow.Return: true}},
		{waiting(0, document.EvidenceUnavailable), map[workflow.Action]bool{workflow.Seal: false, workflow.Issue: true, workflow.RetryLevel: true}},
	} {
		for act, want := range x.want {
			if err := x.level.Admits(act, noon, time.Time{}, time.Hour); (err == nil) != want {
				t.Errorf("%+v, %s: %v", x.level, act, err)
			}
		}
	}
}

// TestTries: each planned try plans the next, later and later; one in between plans none.
func TestTries(t *testing.T) {
	l := waiting(0, "")
	now, before := noon, time.Duration(0)
	for range 10 {
		next, plan := l.Failed(now, document.TimestampUnavailable)
		wait := next.Sub(now)
		if !plan || wait < before || wait > 5*time.Minute || wait < time.Second {
			t.Fatalf("try %d: %v after %v, planned %v", l.Tries, wait, before, plan)
		}
		if _, plan := l.Failed(now, document.EvidenceUnavailable); wait > time.Second && plan {
			t.Fatal("a try in between plans a second row of tries")
		}
		now, before = next, wait
	}
}

// TestSent: recipients get what was issued, whatever the archive gains later.
func TestSent(t *testing.T) {
	d := document.Outgoing{Files: []document.File{{ID: "f", Version: document.Version{Blob: "as issued", Size: 7}}}}
	d.Send()
	d.Files[0].Version = document.Version{Blob: "with a timestamp", Size: 9}
	if s := d.AsSent(d.Files[0]); s.Blob != "as issued" || s.Size != 7 {
		t.Errorf("sent %+v", s)
	}
	if s := d.AsSent(document.File{ID: "g", Version: document.Version{Blob: "g"}}); s.Blob != "g" {
		t.Errorf("a file that nobody recorded: %+v", s)
	}
}
