package flow_test

import (
	"bytes"
	"strings"
	"sync"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/workflow"
	"congvan/signing"
)

func places(w *world) {
	cv := w.Who("cv.svd")
	twice := w.Upload(cv, "a.pdf", flowtest.Sample(w.T, "cong-van-so-lap.pdf"))
	d, err := w.Flow.Draft(w.T.Context(), cv, w.input(twice.ID))
	w.Must(err)
	if d.Layout.Number != nil || d.Layout.Day != nil {
		w.T.Fatalf("what occurs twice is not guessed: %+v", d.Layout)
	}
	_, err = w.Flow.Submit(w.T.Context(), cv, d.ID)
	w.code(err, "place_missing", "layout.number")
	in := w.input(twice.ID)
	p := flow.Proposal(1)
	in.Layout, in.Files = &p, nil
	_, err = w.Flow.Revise(w.T.Context(), cv, d.ID, in)
	w.Must(err)
	_, err = w.Flow.Submit(w.T.Context(), cv, d.ID)
	w.Must(err)

	year := w.Upload(cv, "a.pdf", flowtest.Sample(w.T, "quyet-dinh.pdf"))
	in = w.input(year.ID)
	in.TypeCode = "QĐ"
	d, err = w.Flow.Draft(w.T.Context(), cv, in)
	w.Must(err)
	if d.Layout.Year == nil {
		w.T.Fatal("a blank year needs a place")
	}
}

func approvals(w *world) {
	ctx := w.T.Context()
	d := w.Draft()
	_, err := w.Flow.Submit(ctx, w.Who("cv.svd"), d.ID)
	w.Must(err)
	_, err = w.Flow.ApproveContent(ctx, w.Who("tp.svd"), d.ID, strings.Repeat("0", 64))
	w.code(err, "other_version", "manifest")
	_, err = w.Flow.ApproveFormat(ctx, w.Who("tt.svd"), d.ID, d.Manifest())
	w.code(err, "action_not_now")
	_, err = w.Flow.ApproveContent(ctx, w.Who("tt.svd"), d.ID, d.Manifest())
	w.code(err, "forbidden_role")
	_, err = w.Flow.ApproveContent(ctx, w.Who("tp.stn"), d.ID, d.Manifest())
	w.code(err, "not_found")
}

func returns(w *world) {
	ctx := w.T.Context()
	d, err := w.Sign(w.Approved())
	w.Must(err)
	_, err = w.Flow.Return(ctx, w.Who("vt.svd"), d.ID, " ")
	w.code(err, "field_required", "reason")
	d, err = w.Flow.Return(ctx, w.Who("vt.svd"), d.ID, "Sai căn cứ pháp lý.")
	w.Must(err)
	if d.State != workflow.Draft || d.ReturnReason == "" {
		w.T.Fatalf("returned: %s %q", d.State, d.ReturnReason)
	}
	_, err = w.Flow.Submit(ctx, w.Who("cv.svd"), d.ID)
	w.code(err, "new_version_needed", "files")
	u := w.Upload(w.Who("cv.svd"), "b.pdf", flowtest.Sample(w.T, "cong-van-2.pdf"))
	in := w.input(u.ID)
	in.SignerID = w.Who("pgd.svd").PositionID
	d, err = w.Flow.Revise(ctx, w.Who("cv.svd"), d.ID, in)
	w.Must(err)
	if d.Edition != 2 || d.Approved(document.ContentApproval) {
		w.T.Fatalf("a new edition begins without approvals: %d", d.Edition)
	}
	_, err = w.Flow.Submit(ctx, w.Who("cv.svd"), d.ID)
	w.Must(err)
	d, err = w.Flow.Withdraw(ctx, w.Who("cv.svd"), d.ID)
	w.Must(err)
	_, err = w.Flow.Cancel(ctx, w.Who("cv.svd"), d.ID)
	w.Must(err)
}

func viewedBytes(w *world) {
	d := w.Approved()
	asked := w.Keys.Asked.Load()
	_, err := w.Flow.Sign(w.T.Context(), w.Who("gd.svd"), d.ID, flow.SignInput{Viewed: strings.Repeat("ab", 32), PIN: []byte(flowtest.PIN)})
	w.code(err, "viewed_other_bytes", "viewed_sha256")
	_, err = w.Flow.Sign(w.T.Context(), w.Who("pgd.svd"), d.ID, flow.SignInput{Viewed: document.MainFile(d.Files).Version.Blob, PIN: []byte(flowtest.PIN)})
	w.code(err, "forbidden_role")
	if w.Keys.Asked.Load() != asked {
		w.T.Fatal("the token was asked all the same")
	}
}

func tokenFaults(w *world) {
	d := w.Approved()
	seen := document.MainFile(d.Files).Version.Blob
	typed := []byte("000000")
	asked := w.Keys.Asked.Load()
	_, err := w.Flow.Sign(w.T.Context(), w.Who("gd.svd"), d.ID, flow.SignInput{Viewed: seen, PIN: typed})
	w.code(err, "pin_incorrect", "pin")
	if w.Keys.Asked.Load() != asked+1 {
		w.T.Fatalf("a wrong PIN was tried %d times", w.Keys.Asked.Load()-asked)
	}
	if !bytes.Equal(typed, make([]byte, 6)) {
		w.T.Fatal("the PIN was not cleared")
	}
	_, err = w.Flow.Sign(w.T.Context(), w.Who("gd.svd"), d.ID, flow.SignInput{Viewed: seen})
	w.code(err, "pin_required", "pin")
	w.Keys.Fail = signing.ErrTokenUnavailable
	_, err = w.Sign(d)
	w.Keys.Fail = nil
	w.code(err, "token_unavailable")
	if fault.KindOf(err) != fault.Unavailable {
		w.T.Fatal("a token that is gone may come back")
	}
	intents, err := w.Store.Intents(w.T.Context(), d.ID)
	w.Must(err)
	if len(intents) != 2 || intents[0].Code != "pin_incorrect" || intents[1].Outcome != "FAILED" || intents[0].Digest == "" {
		w.T.Fatalf("intents: %+v", intents)
	}
	_, err = w.Sign(d) // nothing was lost
	w.Must(err)
}

func twoAtOnce(w *world) {
	d := w.Approved()
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.Sign(d) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if k := fault.KindOf(err); k != fault.Conflict {
			w.T.Errorf("the loser is told of a conflict, not %v", err)
		}
	}
	if won != 1 {
		w.T.Fatalf("%d signatures won: %v", won, errs)
	}
}
