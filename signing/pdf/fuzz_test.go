package pdf

import (
	"bytes"
	"context"
	"testing"
	"time"

	"congvan/signing/pdf/pdftest"
)

// FuzzOpen walks everything a file offers: no input may panic, hang or take more
// than its limits.
func FuzzOpen(f *testing.F) {
	for _, build := range []func(b *pdftest.Builder){
		func(b *pdftest.Builder) { basic(b); b.Table("") },
		func(b *pdftest.Builder) { basic(b); b.XrefStream(11, "") },
		func(b *pdftest.Builder) {
			b.ObjStm(11, map[int]string{1: "<< /Pages 2 0 R >>", 2: "<< /Kids [] >>"})
			b.XrefStream(12, "")
		},
		func(b *pdftest.Builder) { basic(b); b.Table(""); b.Obj(3, "null"); b.Hybrid(14, "") },
		func(b *pdftest.Builder) {
			basic(b)
			b.Stream(15, "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 2 >>", zipped("\x02ab"))
			b.Stream(16, "/Filter [/ASCII85Decode /LZWDecode /RunLengthDecode]", "z~>")
			b.Table("")
		},
	} {
		b := pdftest.New()
		build(b)
		f.Add(b.Bytes())
	}
	lim := DefaultLimits()
	lim.Work, lim.InflateTotal, lim.Inflate, lim.Objects = 4<<20, 4<<20, 1<<20, 10_000
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		file, err := Open(ctx, bytes.NewReader(data), int64(len(data)), lim)
		if err != nil {
			return
		}
		walk(file)
		for i := range min(len(file.Revisions()), 8) {
			if old, err := file.At(i); err == nil {
				walk(old)
			}
		}
	})
}

func walk(f *File) {
	_, _ = f.PageCount()
	_, _ = f.Page(2)
	_, _ = f.Fields()
	for i, n := range f.Numbers() {
		if i > 200 {
			return
		}
		e, _ := f.Entry(n)
		o, err := f.Get(Ref{n, e.Gen})
		if err != nil {
			continue
		}
		_, _, _, _ = f.ValueSpan(Ref{n, e.Gen}, "Type")
		if s, ok := o.(*Stream); ok {
			_, _ = f.Decode(s, 1<<20)
		}
	}
}
