package flow_test

import (
	"testing"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/workflow"
)

// TestChanges takes documents back, updates and replaces them, at both ends.
func TestChanges(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]func(*world){
		"recalled and agreed":                 recallAgreed,
		"recalled from the desk of assignees": recallInWork,
		"recalled before it left":             recallUnsent,
		"recalled from some":                  recallSome,
		"declined, and asked again":           recallDeclined,
		"only its sender recalls it":          recallForeign,
		"a recall overtakes its document":     recallEarly,
		"a recall by status 13":               recallByStatus,
		"answers that fit nothing":            strayAnswers,
		"given up, recalled, arrived":         recallGivenUp,
		"recalled while it is being sent":     recallUnderWay,
		"a notice of recall":                  recallByNotice,
		"replaced":                            replaced,
		"a replacement of the unknown":        replacesUnknown,
		"updated":                             updated,
		"recipients added and removed":        recipientsChanged,
		"an update with new files":            updateFiles,
		"rights":                              changeRights,
	} {
		t.Run(name, func(t *testing.T) {
			w.Jobs, w.Flow.Courier = nil, &axis{}
			w.In(t)
			test(w)
		})
	}
}

// delivered is a document that its recipients have received and checked.
func (w *world) delivered(recipients ...string) document.Outgoing {
	w.T.Helper()
	d, err := w.Flow.Issue(w.T.Context(), w.Who("vt.svd"), w.Sealed(recipients...).ID)
	w.Must(err)
	w.Work()
	return d
}

func (w *world) out(id string) (d document.Outgoing) {
	w.T.Helper()
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) (err error) { d, err = tx.Outgoing(id); return err }))
	return d
}

func (w *world) incomingDoc(id string) (d document.Incoming) {
	w.T.Helper()
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) (err error) { d, err = tx.Incoming(id); return err }))
	return d
}

// asked are the changes of an outgoing document.
func (w *world) asked(id string) (out []document.Change) {
	w.T.Helper()
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) (err error) { out, err = tx.ChangesOf(id); return err }))
	return out
}

// waiting is the newest change of a received document.
func (w *world) waiting(id string) document.Change {
	w.T.Helper()
	var all []document.Change
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) (err error) { all, err = tx.ChangesOn(id); return err }))
	if len(all) == 0 {
		w.T.Fatalf("nothing was asked of %s", id)
	}
	return all[len(all)-1]
}

func (w *world) states(changes []document.Change, want ...workflow.State) {
	w.T.Helper()
	for i, c := range changes {
		if i >= len(want) || c.State != want[i] {
			w.T.Fatalf("change %d is %s (%s), want %v", i, c.State, c.LastError, want)
		}
	}
	if len(changes) != len(want) {
		w.T.Fatalf("%d changes, want %v", len(changes), want)
	}
}

func (w *world) recall(d document.Outgoing, recipients ...string) document.Outgoing {
	w.T.Helper()
	d, err := w.Flow.Recall(w.T.Context(), w.Who("gd.svd"), d.ID, flow.RecallInput{Reason: "Gửi nhầm phụ lục", Recipients: recipients})
	w.Must(err)
	w.Work()
	return d
}

// frozen makes sure that no act leads on from a received document.
func (w *world) frozen(in document.Incoming, want workflow.State) {
	w.T.Helper()
	if in.State != want {
		w.T.Fatalf("the copy is %s, want %s", in.State, want)
	}
	if len(in.Files) == 0 {
		w.T.Fatal("the files are gone")
	}
	_, err := w.Flow.Register(w.T.Context(), w.Who("vt.stn"), in.ID, flow.RegisterInput{Confirmed: true})
	w.code(err, "action_not_now")
	_, err = w.Flow.Present(w.T.Context(), w.Who("vt.stn"), in.ID, w.Who("gd.stn").PositionID)
	w.code(err, "action_not_now")
}

func changeRights(w *world) {
	ctx := w.T.Context()
	d := w.delivered()
	for _, x := range []struct{ who, code string }{
		{"cv.svd", "forbidden_role"},
		{"vt.svd", "forbidden_role"},
		{"tp.svd", "forbidden_role"},
		{"tra.svd", "forbidden_role"},
		{"vt.stn", "not_found"},
		{"gd.stn", "not_found"},
	} {
		_, err := w.Flow.Recall(ctx, w.Who(x.who), d.ID, flow.RecallInput{Reason: "x"})
		w.code(err, x.code)
	}
	w.recall(d)
	in := w.arrivedAt("a-stn", d.DocumentID)
	c := w.waiting(in.ID)
	for _, x := range []struct{ who, code string }{
		{"gd.stn", "not_found"}, // the clerk had not yet taken it in
		{"tra.stn", "forbidden_role"}, {"vt.svd", "not_found"}, {"cv.stn", "not_found"},
	} {
		_, err := w.Flow.Agree(ctx, w.Who(x.who), c.ID, "")
		w.code(err, x.code)
		_, err = w.Flow.Decline(ctx, w.Who(x.who), c.ID, flow.DeclineInput{Reason: "x", Confirmed: true})
		w.code(err, x.code)
	}
	_, err := w.Flow.Agree(ctx, w.Who("vt.svd"), w.asked(d.ID)[0].ID, "")
	w.code(err, "not_found") // the sender's own record is nobody's to answer
}
