package axis

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"congvan/internal/axis/vxp"
	"congvan/internal/fault"
	"congvan/internal/journal"
	"congvan/internal/org"
	"congvan/internal/textfold"
)

// Lists gives the axis's agencies, row by row as they come.
type Lists interface {
	AgenciesQD20(ctx context.Context, level string, each func(vxp.Agency) error) error
	Agencies(ctx context.Context, each func(vxp.Agency) error) error
}

// Book keeps them in the directory; the store implements it.
type Book interface {
	// PutListed takes one page in one transaction; at marks the run.
	PutListed(ctx context.Context, at time.Time, page []org.Listed) (added, changed int, err error)
	// Listing counts the open agencies that the axis ever listed, and those not since a time.
	Listing(ctx context.Context, since time.Time) (open, unlisted int, latest time.Time, err error)
	CloseUnlisted(ctx context.Context, at time.Time, e journal.Entry) (closed int, err error)
}

// Synchronised says what a run over the axis's agencies did.
type Synchronised struct {
	Rows, Added, Changed, Closed int
}

const (
	agencyPage   = 1000 // rows of one transaction
	deepestLevel = 8    // of the identifiers of QĐ 20/2020
	// shrunkFrom and half guard against a list that was cut short without a word: where more
	// than half of so many agencies vanished at once, none is closed.
	shrunkFrom = 20
)

// SyncAgencies brings the directory up to the axis's lists of agencies: first those with the
// codes of QĐ 20/2020 beside the old ones, level by level, then the plain list for all others.
// Rows go into the book page by page and are never held together; agencies that are no longer
// listed are closed at the end, and only after a whole list. Memory does not grow with it.
func SyncAgencies(ctx context.Context, lists Lists, book Book, clock func() time.Time, by journal.Actor) (Synchronised, error) {
	r := &run{ctx: ctx, book: book, at: clock().UTC().Truncate(time.Microsecond)}
	for level := 1; level <= deepestLevel; level++ {
		err := lists.AgenciesQD20(ctx, strconv.Itoa(level), r.take)
		if err != nil && (r.stored != nil || !noSuchList(err)) {
			return r.done, r.failed(err)
		}
		if err != nil {
			break
		}
	}
	if err := lists.Agencies(ctx, r.take); err != nil {
		return r.done, r.failed(err)
	}
	if err := r.flush(); err != nil {
		return r.done, err
	}
	open, unlisted, _, err := book.Listing(ctx, r.at)
	if err != nil {
		return r.done, err
	}
	if r.done.Rows == 0 || unlisted >= shrunkFrom && 2*unlisted > open {
		return r.done, fault.New(fault.Conflict, "axis_agencies_shrunk").With("count", unlisted).With("of", open)
	}
	r.done.Closed, err = book.CloseUnlisted(ctx, r.at, journal.Entry{
		At: r.at, Actor: by, Action: "SYNC_AGENCIES", ObjectKind: "directory", ObjectID: "axis", Detail: map[string]string{
			"rows": strconv.Itoa(r.done.Rows), "added": strconv.Itoa(r.done.Added), "changed": strconv.Itoa(r.done.Changed), "closed": strconv.Itoa(unlisted),
		},
	})
	return r.done, err
}

// run gathers pages.
type run struct {
	ctx    context.Context
	book   Book
	at     time.Time
	page   []org.Listed
	done   Synchronised
	stored error // fault of the book, to be told from one of the axis
}

// maxAgencyName is the longest name taken from a list, in characters.
const maxAgencyName = 500

func (r *run) take(a vxp.Agency) error {
	r.done.Rows++
	if a.Deleted {
		return nil
	}
	l := org.Listed{Name: textfold.NFC(a.Name)}
	if name := []rune(l.Name); len(name) > maxAgencyName {
		l.Name = string(name[:maxAgencyName])
	}
	for _, c := range []string{a.Code, a.Code102, a.OldCode} {
		if id, err := org.ParseOrganID(c); err == nil && id != "" {
			l.Codes = append(l.Codes, id)
		}
	}
	if len(l.Codes) == 0 {
		return nil // nobody can send to it
	}
	if r.page = append(r.page, l); len(r.page) == agencyPage {
		return r.flush()
	}
	return nil
}

func (r *run) flush() error {
	if len(r.page) == 0 {
		return nil
	}
	added, changed, err := r.book.PutListed(r.ctx, r.at, r.page)
	r.page, r.stored = r.page[:0], err
	r.done.Added += added
	r.done.Changed += changed
	return err
}

// noSuchList tells an axis that does not offer a list, or not of that level, from one that
// is down. The plain list has them all the same.
func noSuchList(err error) bool {
	var x *vxp.Error
	return errors.As(err, &x) && !x.Retryable && x.HTTPStatus != http.StatusUnauthorized &&
		x.HTTPStatus != http.StatusForbidden && x.Code != vxp.CodeWrongSecret && !errors.Is(err, vxp.ErrTooLarge)
}

// failed gives a list that broke off its kind.
func (r *run) failed(err error) error {
	if r.stored != nil {
		return r.stored
	}
	return wireFault(err)
}
