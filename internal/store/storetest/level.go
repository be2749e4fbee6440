package storetest

import (
	"testing"
	"time"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
)

// testLevels counts what waits for its level and finds a file's older versions by their bytes.
func testLevels(t *testing.T, w *world) {
	w.same("nothing waits", flow.Waiting{}, w.waiting())
	room, first, second, third := now().Add(-4*time.Hour), now().Add(-3*time.Hour), now().Add(-2*time.Hour), now().Add(-time.Hour)
	var put []document.Outgoing
	for since, code := range map[*time.Time]string{&room: "signature_overflow", &first: "evidence_unavailable", &second: "timestamp_unavailable", &third: "timestamp_unavailable"} {
		d := w.outgoing()
		d.Level = document.Level{Asked: "B-T", Reached: "B-B", Since: since, NextAt: &third, Tries: 1, Code: code}
		w.putOutgoing(&d)
		w.same("waiting", d, w.getOutgoing(d.ID))
		put = append(put, d)
	}
	w.same("four wait", flow.Waiting{Documents: 4, Oldest: room, Missing: first, Outage: second}, w.waiting())
	for i := range put {
		put[i].Level.Done(now())
		w.putOutgoing(&put[i])
	}
	w.same("nothing waits any more", flow.Waiting{}, w.waiting())

	d := w.outgoing()
	old := d.Files[0].Version
	w.putOutgoing(&d)
	d.Files[0].Version = document.Version{
		ID: w.id("ver"), N: 2, Kind: document.VersionStamped, Blob: "stamped", Size: 9, HashState: []byte{9}, BaseBlob: old.Blob, Level: "B-T", CreatedAt: now(),
	}
	w.putOutgoing(&d)
	w.read(func(tx flow.ReadTx) error {
		for _, want := range []document.Version{old, d.Files[0].Version} {
			got, err := tx.VersionOf(d.Files[0].ID, want.Blob)
			w.same("version of "+want.Blob, want, got)
			if err != nil {
				return err
			}
		}
		if _, err := tx.VersionOf(d.Files[1].ID, "stamped"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another file's version: %v", err)
		}
		return nil
	})
}

func (w *world) waiting() (out flow.Waiting) {
	w.t.Helper()
	w.read(func(tx flow.ReadTx) (err error) {
		out, err = tx.Waiting()
		return err
	})
	return out
}
