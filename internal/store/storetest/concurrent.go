package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/journal"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

var errRollback = errors.New("rolled back by the test")

func testCompareAndSwap(t *testing.T, w *world) {
	d := w.outgoing()
	w.putOutgoing(&d)
	mine, theirs := w.getOutgoing(d.ID), w.getOutgoing(d.ID)
	theirs.Subject = "của người kia"
	w.putOutgoing(&theirs)
	mine.Subject = "của tôi"
	err := w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutOutgoing(&mine) })
	w.refused(err, fault.Conflict, "row_changed")
	w.same("the winner's", theirs, w.getOutgoing(d.ID))

	again := w.outgoing()
	again.ID = d.ID
	err = w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutOutgoing(&again) })
	w.refused(err, fault.Conflict, "already_exists")

	in := w.incoming()
	w.putIncoming(&in)
	for name, put := range map[string]func(tx flow.Tx, row int64) error{
		"incoming": func(tx flow.Tx, row int64) error {
			x := in
			x.Row = row
			return tx.PutIncoming(&x)
		},
		"assignment": func(tx flow.Tx, row int64) error {
			return tx.PutAssignment(&document.Assignment{ID: "asg-cas", Row: row, IncomingID: in.ID, State: workflow.Pending, CreatedAt: now()})
		},
		"delivery": func(tx flow.Tx, row int64) error {
			return tx.PutDelivery(&document.Delivery{ID: "dlv-cas", Row: row, OutgoingID: d.ID, QueuedAt: now(), UpdatedAt: now()})
		},
		"notice": func(tx flow.Tx, row int64) error {
			return tx.PutNotice(&document.Notice{ID: "ntc-cas", Row: row, IncomingID: in.ID})
		},
		"intent": func(tx flow.Tx, row int64) error {
			return tx.PutIntent(&flow.Intent{ID: "int-cas", Row: row, At: now()})
		},
	} {
		if name != "incoming" {
			w.write(func(tx flow.Tx) error { return put(tx, 0) })
		}
		w.write(func(tx flow.Tx) error { return put(tx, 1) })
		err := w.s.Write(t.Context(), func(tx flow.Tx) error { return put(tx, 1) })
		if !fault.Is(err, "row_changed") {
			t.Errorf("%s: got %v, want row_changed", name, err)
		}
	}
}

// testRolledBackRow: what was put in a transaction that failed can be put in the next one.
func testRolledBackRow(t *testing.T, w *world) {
	d := w.outgoing()
	w.putOutgoing(&d)
	intent := flow.Intent{ID: w.id("int"), At: now()}
	in := w.incoming()
	w.putIncoming(&in)
	notice := document.Notice{ID: w.id("ntc"), IncomingID: in.ID}
	fresh := w.outgoing()
	err := w.s.Write(t.Context(), func(tx flow.Tx) error {
		return errors.Join(tx.PutOutgoing(&d), tx.PutOutgoing(&d), tx.PutIntent(&intent), tx.PutOutgoing(&fresh), tx.PutNotice(&notice), errRollback)
	})
	if !errors.Is(err, errRollback) {
		t.Fatal(err)
	}
	if d.Row != 1 || intent.Row != 0 || fresh.Row != 0 || notice.Row != 0 {
		t.Errorf("rows after the rollback: %d %d %d %d, want 1 0 0 0", d.Row, intent.Row, fresh.Row, notice.Row)
	}
	w.write(func(tx flow.Tx) error {
		return errors.Join(tx.PutOutgoing(&d), tx.PutIntent(&intent), tx.PutOutgoing(&fresh), tx.PutNotice(&notice))
	})
}

func testUniqueNumbers(t *testing.T, w *world) {
	numbered := func(n int, key string, year int) error {
		d := w.outgoing()
		d.Number, d.SeriesID, d.IssuedDate = n, key, calendar.On(year, 5, 1)
		return w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutOutgoing(&d) })
	}
	for _, err := range []error{numbered(1, "ALL", 2026), numbered(2, "ALL", 2026), numbered(1, "COPY", 2026), numbered(1, "ALL", 2025), numbered(0, "", 2026), numbered(0, "", 2026)} {
		if err != nil {
			t.Error(err)
		}
	}
	w.refused(numbered(1, "ALL", 2026), fault.Conflict, "number_taken")

	first := w.incoming()
	w.putIncoming(&first)
	second := w.incoming()
	second.ArrivalNumber = first.ArrivalNumber
	err := w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutIncoming(&second) })
	w.refused(err, fault.Conflict, "arrival_number_taken")

	same := w.incoming()
	same.ContentHash, same.DocumentID, same.From.OrganID = first.ContentHash, first.DocumentID, "h98.01"
	err = w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutIncoming(&same) })
	w.refused(err, fault.Conflict, "already_received")
	for range 2 { // paper has no content hash
		paper := w.incoming()
		paper.ContentHash, paper.DocumentID = "", ""
		w.putIncoming(&paper)
	}
}

// testSameMessageAtOnce: a message that comes many times at once is one document, and
// nobody is told of a conflict.
func testSameMessageAtOnce(t *testing.T, w *world) {
	message := w.incoming()
	message.ArrivalNumber = 0
	var wg sync.WaitGroup
	for range 8 {
		d := message
		d.ID, d.Files = w.id("inc"), []document.File{w.file(document.Main, 1)}
		wg.Go(func() {
			err := w.s.Write(t.Context(), func(tx flow.Tx) error {
				before, err := tx.IncomingOf(d.AgencyID, d.From.OrganID, d.DocumentID)
				if err != nil || len(before) > 0 {
					return err
				}
				return tx.PutIncoming(&d)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.read(func(tx flow.ReadTx) error {
		found, err := tx.IncomingOf(message.AgencyID, message.From.OrganID, message.DocumentID)
		w.same("documents", 1, len(found))
		return err
	})
}

// takeNumber numbers a signed document as the flow does: everything it reads, the book, the
// document and the journal in one transaction.
func (w *world) takeNumber(ctx context.Context, id string) (n int, err error) {
	err = w.s.Write(ctx, func(tx flow.Tx) error {
		d, err := tx.Outgoing(id)
		if err != nil {
			return err
		}
		_, err1 := tx.Agency(d.AgencyID)
		_, err2 := tx.Unit(d.UnitID)
		_, err3 := tx.Calendar()
		book, err4 := tx.Book(series())
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return err
		}
		if n, book, err = book.Take(calendar.On(2026, 11, 18)); err != nil {
			return err
		}
		d.State, d.Number, d.Notation, d.SeriesID, d.IssuedDate = workflow.Numbered, n, "UBND-VX", book.Key, book.LastDate
		d.DocumentID = codeA + ",2026/11/18," + register.FullCode(n, d.Notation)
		return errors.Join(tx.PutOutgoing(&d), tx.PutBook(book), tx.Journal(w.entry("outgoing", d.ID)))
	})
	return n, err
}

// signed puts n documents that wait for their numbers.
func (w *world) signed(n int) []string {
	w.t.Helper()
	var ids []string
	w.write(func(tx flow.Tx) error {
		for range n {
			d := w.outgoing()
			d.State = workflow.Signed
			ids = append(ids, d.ID)
			if err := tx.PutOutgoing(&d); err != nil {
				return err
			}
		}
		return nil
	})
	return ids
}

func testNumbersAreGapless(t *testing.T, w *world) {
	const writers, each = 8, 125
	ids := w.signed(writers * each)
	var mu sync.Mutex
	var got []int
	var wg sync.WaitGroup
	for part := range slices.Chunk(ids, each) {
		wg.Go(func() {
			for _, id := range part {
				n, err := w.takeNumber(t.Context(), id)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				got = append(got, n)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(got)
	for i, n := range got {
		if n != i+1 {
			t.Fatalf("number %d stands in place %d", n, i+1)
		}
	}
	w.same("numbers", writers*each, len(got))
	w.intact(writers * each)
}

func testRolledBackNumber(t *testing.T, w *world) {
	take := func(end error) (n int, err error) {
		err = w.s.Write(t.Context(), func(tx flow.Tx) error {
			book, err := tx.Book(series())
			if err != nil {
				return err
			}
			if n, book, err = book.Take(calendar.On(2026, 11, 18)); err != nil {
				return err
			}
			return errors.Join(tx.PutBook(book), end)
		})
		return n, err
	}
	for i, end := range []error{nil, errRollback, errRollback, nil} {
		n, err := take(end)
		if want := []int{1, 2, 2, 2}[i]; n != want || !errors.Is(err, end) {
			t.Errorf("take %d: number %d, %v; want %d", i, n, err, want)
		}
	}
	closed := now()
	want := register.Book{Series: series(), Last: 2, LastDate: calendar.On(2026, 11, 18), ClosedAt: &closed, ClosedBy: "acc-1"}
	w.write(func(tx flow.Tx) error { return tx.PutBook(want) })
	w.write(func(tx flow.Tx) error {
		got, err := tx.Book(series())
		w.same("book", want, got)
		other := series()
		other.Key = "COPY"
		empty, err2 := tx.Book(other)
		w.same("empty book", register.Book{Series: other}, empty)
		return errors.Join(err, err2)
	})
}

// intact fails the test unless the journal has this many rows, chained to the head.
func (w *world) intact(rows int64) {
	w.t.Helper()
	r, err := journal.Verify(w.s.JournalRows(w.t.Context()), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	head, err := w.s.JournalHead(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if !r.OK() || r.Rows != rows {
		w.t.Errorf("%d rows of %d, findings %v", r.Rows, rows, r.Findings)
	}
	w.same("head", r.Head, head)
}

func testJournalUnderLoad(t *testing.T, w *world) {
	const writers, each = 6, 25
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			for i := range each {
				err := w.s.Write(t.Context(), func(tx flow.Tx) error {
					if err := errors.Join(tx.Journal(w.entry("a", "x")), tx.Journal(w.entry("b", "y"))); err != nil {
						return err
					}
					if (n+i)%5 == 0 {
						return errRollback
					}
					return nil
				})
				if err != nil && !errors.Is(err, errRollback) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	w.intact(2 * writers * each * 4 / 5)
}

func testJournalEntries(t *testing.T, w *world) {
	w.write(func(tx flow.Tx) error {
		bare := journal.Entry{At: now(), Action: "BARE", ObjectKind: "outgoing", ObjectID: "one"}
		return errors.Join(tx.Journal(w.entry("outgoing", "one")), tx.Journal(w.entry("incoming", "one")), tx.Journal(bare))
	})
	got, err := w.s.Entries(t.Context(), "outgoing", "one")
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	want := w.entry("outgoing", "one")
	want.Seq, want.Prev, want.Hash = 1, journal.Hash{}, got[0].Hash
	w.same("entry", want, got[0])
	w.same("bare entry", "BARE", got[1].Action)
	w.intact(3)

	// The check is of no use if it cannot fail: change a row behind the store's back.
	if _, err := w.s.DB().ExecContext(t.Context(), "UPDATE journal SET actor_name = 'Người khác' WHERE seq = 2"); err != nil {
		t.Fatal(err)
	}
	r, err := journal.Verify(w.s.JournalRows(t.Context()), nil)
	if err != nil || r.OK() {
		t.Errorf("an edited row went unnoticed: %+v, %v", r, err)
	}
}
