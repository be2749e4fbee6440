// Package inspect looks at a PDF before it is signed: what it is, and what it holds
// that a signature must not cover unseen. Looking changes nothing and is bounded: of a
// file that is too big to be walked completely it says so instead of failing.
package inspect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

// Bounds of one look.
const (
	maxObjects = 300_000   // indirect objects visited
	maxNodes   = 5_000_000 // objects of any kind
	maxSizes   = 100       // pages whose size is told
	maxUnused  = 10_000    // unused objects looked at
	maxOrphans = 1000      // widgets of no field
	maxFound   = 1000      // places of one finding
	listed     = 5         // of them named
)

// Look inspects a file. Findings come heaviest first, one for each code. Of an
// encrypted file that the empty password does not open only Version and Encrypted are
// sure.
//
// Errors: those of package signing when page tree or form cannot be read, or the
// context's.
func Look(ctx context.Context, f *pdf.File) (*signing.Inspection, error) {
	l := newLook(ctx, f)
	if f.Encrypted() {
		l.out.Encrypted = true
		l.find("encrypted", 0)
	}
	for _, part := range []func() error{l.catalog, l.pages, l.fields, l.walk, l.strays, l.conceal} {
		if err := part(); err != nil {
			if l.out.Encrypted && ctx.Err() == nil {
				break
			}
			return nil, err
		}
	}
	l.revisions()
	l.report()
	return &l.out, nil
}

type look struct {
	ctx     context.Context
	file    *pdf.File
	layers  *text.Layers
	found   map[string][]int // object numbers by code; 0 is the file
	seen    map[int]bool
	widgets map[int]bool      // object numbers of the form's widgets
	marks   map[int]bool      // those of signatures
	quotes  map[string]string // what a finding is about, in the page's own words
	orphans []pdf.Dict        // widgets of no field
	nodes   int
	out     signing.Inspection
}

func newLook(ctx context.Context, f *pdf.File) *look {
	return &look{
		ctx: ctx, file: f, out: signing.Inspection{Version: f.Version()},
		found: map[string][]int{}, seen: map[int]bool{}, widgets: map[int]bool{}, marks: map[int]bool{}, quotes: map[string]string{},
	}
}

func (l *look) find(code string, object int) {
	if list := l.found[code]; len(list) < maxFound {
		l.found[code] = append(list, object)
	}
}

// catalog reads the version, which the catalog may raise, and the layers.
func (l *look) catalog() error {
	root, err := l.file.Root()
	if err != nil {
		return err
	}
	if v, err := l.file.Name(root["Version"]); err == nil && string(v) > l.out.Version && len(v) == 3 {
		l.out.Version = string(v)
	}
	l.layers, err = text.ReadLayers(l.file)
	return err
}

func (l *look) pages() error {
	n, err := l.file.PageCount()
	if err != nil {
		return err
	}
	l.out.Pages = n
	return l.file.Pages(func(n int, p pdf.Page) (bool, error) {
		_, w, h := text.Display(p)
		l.out.PageSizes = append(l.out.PageSizes, signing.Place{Page: n, W: w, H: h})
		return n < maxSizes, l.ctx.Err()
	})
}

func (l *look) fields() error {
	fields, err := l.file.Fields()
	if errors.Is(err, signing.ErrResourceLimit) {
		l.find("too_complex", 0)
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range fields {
		for _, w := range f.Widgets {
			l.widgets[w.Ref.Num] = true
			if f.Type == "Sig" {
				l.marks[w.Ref.Num] = true
			}
		}
		value, err := l.file.Resolve(f.Value)
		if err != nil {
			return err
		}
		switch {
		case f.Type != "Sig":
			l.out.FormFields = append(l.out.FormFields, f.Name)
		case value == nil:
			l.out.EmptySigFields = append(l.out.EmptySigFields, f.Name)
		default:
			l.out.Signatures++
		}
	}
	return nil
}

// revisions tells what lies in the file beside its objects.
func (l *look) revisions() {
	revisions := l.file.Revisions()
	for _, r := range revisions {
		for _, num := range r.Conflicts {
			l.find("duplicate_object", num)
		}
	}
	if end := revisions[len(revisions)-1].End; l.file.Size()-end > 2 {
		l.find("trailing_data", 0)
	}
	if l.layers != nil && l.layers.Any() && len(l.found["hidden_content"]) == 0 {
		l.find("optional_content", 0)
	}
}

// report orders the findings and names the widgets that belong to no field.
func (l *look) report() {
	for _, d := range l.orphans {
		name, _ := l.file.Resolve(d["T"])
		s, _ := name.(pdf.String)
		l.out.FormFields = append(l.out.FormFields, s.Text())
	}
	for _, c := range codes {
		objects, ok := l.found[c.Code]
		if !ok {
			continue
		}
		l.out.Findings = append(l.out.Findings, signing.Finding{Code: c.Code, Weight: c.Weight, Detail: detail(c, objects) + l.quotes[c.Code]})
	}
}

func detail(c Code, objects []int) string {
	slices.Sort(objects)
	objects = slices.Compact(objects)
	var names []string
	for _, num := range objects[:min(len(objects), listed)] {
		if num > 0 {
			names = append(names, strconv.Itoa(num))
		}
	}
	if len(names) == 0 {
		return c.Meaning
	}
	s := c.Meaning + " (object " + strings.Join(names, ", ")
	if more := len(objects) - listed; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s + ")"
}
