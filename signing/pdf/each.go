package pdf

import (
	"errors"
	"slices"

	"congvan/signing"
)

// EachWritten reads every object that the newest revision of this view wrote, those
// of one object stream together. Objects that cannot be read are passed over.
func (f *File) EachWritten(visit func(num int, o Object) error) error {
	list := slices.Clone(f.newest().Objects)
	slices.SortFunc(list, func(a, b Change) int {
		if a.Stream != b.Stream {
			return a.Stream - b.Stream
		}
		return a.Index - b.Index
	})
	for _, c := range list {
		if c.Free {
			continue
		}
		o, err := f.Get(Ref{c.Num, c.Gen})
		if errors.Is(err, signing.ErrTruncated) || errors.Is(err, ErrFilter) {
			continue
		}
		if err == nil {
			err = visit(c.Num, o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// EachRef visits the references inside an object.
func EachRef(o Object, visit func(Ref)) {
	switch o := o.(type) {
	case Ref:
		visit(o)
	case Array:
		for _, v := range o {
			EachRef(v, visit)
		}
	case Dict:
		for _, v := range o {
			EachRef(v, visit)
		}
	case *Stream:
		EachRef(o.Dict, visit)
	}
}
