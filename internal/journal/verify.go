package journal

import (
	"cmp"
	"crypto/ed25519"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"
)

// FindingKind is what the check found wrong.
type FindingKind string

// The kinds of finding. ROW_EDITED to LINK_BROKEN need no checkpoint; CHAIN_REWRITTEN
// and TAIL_CUT are found only where a checkpoint attests the rows.
const (
	RowEdited            FindingKind = "ROW_EDITED"             // the content does not give the hash stored with it
	RowMissing           FindingKind = "ROW_MISSING"            // numbers are absent between two rows or before the first
	RowInserted          FindingKind = "ROW_INSERTED"           // a number comes twice or out of order
	LinkBroken           FindingKind = "LINK_BROKEN"            // the row does not continue the one before it, which was put in another's place
	ChainRewritten       FindingKind = "CHAIN_REWRITTEN"        // every hash was computed anew from some row in From…To
	TailCut              FindingKind = "TAIL_CUT"               // more rows are attested than there are
	CheckpointForged     FindingKind = "CHECKPOINT_FORGED"      // a well-formed line with a wrong signature
	CheckpointUnknownKey FindingKind = "CHECKPOINT_UNKNOWN_KEY" // a line signed by a key that the check was not given
)

// Finding names rows From to To, both included, or a line of the checkpoint file.
type Finding struct {
	Kind FindingKind `json:"kind"`
	From int64       `json:"from,omitempty"`
	To   int64       `json:"to,omitempty"`
	Line int         `json:"line,omitempty"` // of the checkpoint file, from 1
}

// String is for logs and the command line.
func (f Finding) String() string {
	switch f.From {
	case 0:
		return fmt.Sprintf("%s line %d", f.Kind, f.Line)
	case f.To:
		return fmt.Sprintf("%s row %d", f.Kind, f.From)
	}
	return fmt.Sprintf("%s rows %d-%d", f.Kind, f.From, f.To)
}

// maxFindings bounds what a report lists; Total counts them all.
const maxFindings = 100

// Report is the outcome of a check.
type Report struct {
	Rows        int64     `json:"rows"`                // rows read
	Head        Head      `json:"head"`                // of the last row
	Checkpoints int       `json:"checkpoints"`         // lines with a good signature
	Covered     int64     `json:"covered"`             // rows 1…Covered are attested by a checkpoint that agrees
	CoveredAt   time.Time `json:"covered_at,omitzero"` // and since when
	Damaged     []int     `json:"damaged,omitempty"`   // unreadable lines of the checkpoint file: no proof of fraud, but no cover either
	Findings    []Finding `json:"findings,omitempty"`  // the first 100, neighbours joined
	Total       int       `json:"total"`               // all findings
}

// OK tells whether nothing was found. What is not covered may still have been changed:
// see Uncovered.
func (r Report) OK() bool { return r.Total == 0 }

// Uncovered gives the rows that no checkpoint covers yet: who can write to the database
// can change them unnoticed. ok is false if there are none.
func (r Report) Uncovered() (from, to int64, ok bool) {
	return r.Covered + 1, r.Head.Size, r.Head.Size > r.Covered
}

func (r *Report) add(f Finding) {
	if n := len(r.Findings); n > 0 && f.From > 0 {
		if last := &r.Findings[n-1]; last.Kind == f.Kind && last.To+1 == f.From {
			last.To = f.To
			return
		}
	}
	r.Total++
	if len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, f)
	}
}

// Verify walks all rows in the order of Seq and compares them with the checkpoint file.
// checkpoints may be nil: then only the chain itself is checked and nothing is covered.
// keys are the public keys that ever signed the file. Memory grows with the number of
// checkpoints, not of rows.
//
// The error is one of reading, with the report of what was read until then; what is wrong
// with the journal is in the report.
func Verify(rows iter.Seq2[Entry, error], checkpoints io.Reader, keys ...ed25519.PublicKey) (Report, error) {
	var r Report
	attested, err := r.checkpoints(checkpoints, keys)
	if err != nil {
		return r, err
	}
	w := walk{report: &r, attested: attested}
	for e, err := range rows {
		if err != nil {
			return r, fmt.Errorf("journal: read rows after %d: %w", r.Head.Size, err)
		}
		w.row(e)
	}
	w.end()
	return r, nil
}

// checkpoints gives the well-signed checkpoints by size, and reports the others.
func (r *Report) checkpoints(in io.Reader, keys []ed25519.PublicKey) ([]numbered, error) {
	if in == nil {
		return nil, nil
	}
	byID := map[string]ed25519.PublicKey{}
	for _, k := range keys {
		byID[KeyID(k)] = k
	}
	var good []numbered
	for c, err := range readCheckpoints(in) {
		if err != nil {
			return nil, err
		}
		key, known := byID[c.KeyID]
		switch {
		case c.err != nil:
			r.Damaged = append(r.Damaged, c.line)
		case !known:
			r.add(Finding{Kind: CheckpointUnknownKey, Line: c.line})
		case !c.Verify(key):
			r.add(Finding{Kind: CheckpointForged, Line: c.line})
		default:
			r.Checkpoints++
			c.Signature, c.KeyID = nil, "" // checked; a year of them need not stay in memory
			good = append(good, c)
		}
	}
	slices.SortStableFunc(good, func(a, b numbered) int { return cmp.Compare(a.Size, b.Size) })
	return good, nil
}

// walk is the state between two rows.
type walk struct {
	report    *Report
	attested  []numbered // not yet compared, by size
	rewritten bool
}

func (w *walk) row(e Entry) {
	r := w.report
	r.Rows++
	if Chain(e.Prev, e) != e.Hash {
		r.add(Finding{Kind: RowEdited, From: e.Seq, To: e.Seq})
	}
	switch next := r.Head.Size + 1; {
	case e.Seq < next:
		r.add(Finding{Kind: RowInserted, From: e.Seq, To: e.Seq})
		return // the row already taken for this number stays the one that is followed
	case e.Seq > next:
		r.add(Finding{Kind: RowMissing, From: next, To: e.Seq - 1})
	case e.Prev != r.Head.Hash:
		r.add(Finding{Kind: LinkBroken, From: e.Seq, To: e.Seq})
	}
	r.Head = e.Head()
	w.compare()
}

// compare takes the checkpoints up to the present row. Those of missing rows are passed
// over: the gap is already reported.
func (w *walk) compare() {
	r := w.report
	for len(w.attested) > 0 && w.attested[0].Size <= r.Head.Size {
		c := w.attested[0]
		w.attested = w.attested[1:]
		switch {
		case c.Size < r.Head.Size || w.rewritten:
		case c.Hash == r.Head.Hash:
			r.Covered, r.CoveredAt = c.Size, c.At
		default:
			// All later checkpoints differ too; the first says where to look.
			w.rewritten = true
			r.add(Finding{Kind: ChainRewritten, From: r.Covered + 1, To: c.Size, Line: c.line})
		}
	}
}

func (w *walk) end() {
	w.compare()
	if n := len(w.attested); n > 0 {
		c := w.attested[n-1]
		w.report.add(Finding{Kind: TailCut, From: w.report.Head.Size + 1, To: c.Size, Line: c.line})
	}
}
