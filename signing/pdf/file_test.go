package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf/pdftest"
)

func open(t *testing.T, data []byte) *File {
	t.Helper()
	f, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// basic writes the objects of a two-page file; the second page inherits.
func basic(b *pdftest.Builder) {
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7 0 R] >> >>")
	b.Obj(2, "<< /Type /Pages /Count 2 /Kids [3 0 R 4 0 R] /MediaBox [0 0 595 842] /Rotate 90 >>")
	b.Obj(3, "<< /Type /Page /Parent 2 0 R /CropBox [500 20 10 800] /UserUnit 2 /Contents 6 0 R >>")
	b.Obj(4, "<< /Type /Pages /Count 1 /Parent 2 0 R /Rotate -90 /Kids [5 0 R] /Resources << /Font 9 0 R >> >>")
	b.Obj(5, "<< /Type /Page /Parent 4 0 R >>")
	b.Stream(6, "", "BT ET")
	b.Obj(7, "<< /T (so) /FT /Tx /Kids [8 0 R << /T (ngay) /V (01) /Ff 2 >>] >>")
	b.Obj(8, "<< /T <feff006b00fd> /Kids [10 0 R] >>")
	b.Obj(10, "<< /Subtype /Widget /Rect [0 0 10 10] /Parent 8 0 R >>")
}

func kinds(t *testing.T) map[string][]byte {
	t.Helper()
	table := pdftest.New()
	basic(table)
	table.Table("")
	stream := pdftest.New()
	basic(stream)
	stream.XrefStream(11, "")
	packed := pdftest.New()
	packed.Stream(6, "", "BT ET")
	packed.ObjStm(11, map[int]string{
		1:  "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7 0 R] >> >>",
		2:  "<< /Type /Pages /Count 2 /Kids [3 0 R 4 0 R] /MediaBox [0 0 595 842] /Rotate 90 >>",
		3:  "<< /Type /Page /Parent 2 0 R /CropBox [500 20 10 800] /UserUnit 2 /Contents 6 0 R >>",
		4:  "<< /Type /Pages /Count 1 /Parent 2 0 R /Rotate -90 /Kids [5 0 R] /Resources << /Font 9 0 R >> >>",
		5:  "<< /Type /Page /Parent 4 0 R >>",
		7:  "<< /T (so) /FT /Tx /Kids [8 0 R << /T (ngay) /V (01) /Ff 2 >>] >>",
		8:  "<< /T <feff006b00fd> /Kids [10 0 R] >>",
		10: "<< /Subtype /Widget /Rect [0 0 10 10] /Parent 8 0 R >>",
	})
	packed.XrefStream(12, "")
	hybrid := pdftest.New()
	hybrid.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7 0 R] >> >>")
	hybrid.Obj(2, "<< /Type /Pages /Count 2 /Kids [3 0 R 4 0 R] /MediaBox [0 0 595 842] /Rotate 90 >>")
	hybrid.Obj(3, "<< /Type /Page /Parent 2 0 R /CropBox [500 20 10 800] /UserUnit 2 /Contents 6 0 R >>")
	hybrid.Obj(4, "<< /Type /Pages /Count 1 /Parent 2 0 R /Rotate -90 /Kids [5 0 R] /Resources << /Font 9 0 R >> >>")
	hybrid.Obj(5, "<< /Type /Page /Parent 4 0 R >>")
	hybrid.Stream(6, "", "BT ET")
	hybrid.ObjStm(11, map[int]string{
		7:  "<< /T (so) /FT /Tx /Kids [8 0 R << /T (ngay) /V (01) /Ff 2 >>] >>",
		8:  "<< /T <feff006b00fd> /Kids [10 0 R] >>",
		10: "<< /Subtype /Widget /Rect [0 0 10 10] /Parent 8 0 R >>",
	})
	hybrid.Hybrid(12, "")
	spaced := pdftest.New()
	basic(spaced)
	spaced.Raw(strings.Repeat("\n", 30))
	spaced.Table("")
	return map[string][]byte{
		// white space before the section, exactly where a reader that forgets the junk looks
		"junk and blanks":   append([]byte("junk\njunk\n"), spaced.Bytes()...),
		"free entry, 65536": bytes.Replace(table.Bytes(), []byte("65535 f"), []byte("65536 f"), 1),
		"table":             table.Bytes(), "stream": stream.Bytes(), "packed": packed.Bytes(),
		"hybrid": hybrid.Bytes(), "junk": append([]byte("HTTP/1.1 200 OK\r\n\r\n"), table.Bytes()...),
	}
}

func TestReadsEveryKindOfFile(t *testing.T) {
	for name, data := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			f := open(t, data)
			if n, err := f.PageCount(); n != 2 || err != nil {
				t.Fatalf("pages: %d, %v", n, err)
			}
			one, err := f.Page(1)
			if err != nil {
				t.Fatal(err)
			}
			if one.Ref.Num != 3 || one.Rotate != 90 || one.UserUnit != 2 || one.CropBox != [4]float64{10, 20, 500, 800} {
				t.Errorf("page 1: %+v", one)
			}
			s, err := f.Resolve(one.Dict["Contents"])
			if err != nil {
				t.Fatal(err)
			}
			if text, err := f.Decode(s.(*Stream), 100); string(text) != "BT ET" || err != nil {
				t.Errorf("contents: %q, %v", text, err)
			}
			two, err := f.Page(2)
			if err != nil {
				t.Fatal(err)
			}
			if two.Ref.Num != 5 || two.Rotate != 270 || two.Resources["Font"] != (Ref{9, 0}) || two.ResourcesOf.Num != 4 {
				t.Errorf("page 2: %+v", two)
			}
			if _, err := f.Page(3); !errors.Is(err, signing.ErrTruncated) {
				t.Errorf("page 3: %v", err)
			}
			fields, err := f.Fields()
			if err != nil {
				t.Fatal(err)
			}
			if len(fields) != 2 || fields[0].Name != "so.ký" || fields[1].Name != "so.ngay" ||
				fields[0].Type != "Tx" || len(fields[0].Widgets) != 1 || fields[0].Widgets[0].Ref.Num != 10 ||
				fields[1].Flags != 2 || string(fields[1].Value.(String)) != "01" {
				t.Errorf("fields: %+v", fields)
			}
			if o, err := f.Get(Ref{9, 0}); o != nil || err != nil {
				t.Errorf("missing object: %v, %v", o, err)
			}
			revs := f.Revisions()
			if len(revs) != 1 || revs[0].End != int64(len(data)) || revs[0].StartXref != revs[0].XrefOffset {
				t.Errorf("revisions: %+v", revs)
			}
		})
	}
}

func TestRevisionsKeepEveryState(t *testing.T) {
	b := pdftest.New()
	basic(b)
	b.Table("")
	first := b.Len()
	b.Obj(5, "<< /Type /Page /Parent 4 0 R /Rotate 0 >>")
	b.Free(10)
	b.Obj(13, "(new)")
	b.XrefStream(14, "")
	f := open(t, b.Bytes())
	revs := f.Revisions()
	if len(revs) != 2 || revs[0].End != first || revs[1].Kind != XrefStream || f.StartXref() != b.Prev() {
		t.Fatalf("%+v", revs)
	}
	if c, ok := revs[1].Changes(10); !ok || !c.Free {
		t.Errorf("object 10 is not freed: %+v", c)
	}
	old, err := f.At(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f    *File
		want int
		max  int
		gone bool
	}{{f, 0, 14, true}, {old, 270, 10, false}} {
		p, err := c.f.Page(2)
		if err != nil || p.Rotate != c.want {
			t.Errorf("rotate %d, %v", p.Rotate, err)
		}
		if c.f.MaxObject() != c.max {
			t.Errorf("highest object %d, want %d", c.f.MaxObject(), c.max)
		}
		if o, err := c.f.Get(Ref{10, 0}); (o == nil) != c.gone || err != nil {
			t.Errorf("object 10: %v, %v", o, err)
		}
	}
	if old.Size() != first {
		t.Errorf("old view has %d bytes, want %d", old.Size(), first)
	}
}

// An object cannot come from bytes behind the revision that lists it: they were
// not there when it was written.
func TestObjectsEndWithTheirRevision(t *testing.T) {
	b := pdftest.New()
	basic(b)
	b.Entry(20, 100_000)
	b.Table("")
	b.Obj(21, "(x)")
	b.Table("")
	b.Raw(strings.Repeat(" ", 100_000-int(b.Len())) + "20 0 obj (forged) endobj\n")
	if _, err := open(t, b.Bytes()).Get(Ref{20, 0}); !errors.Is(err, signing.ErrTruncated) {
		t.Errorf("got %v", err)
	}
}

func TestValueSpan(t *testing.T) {
	b := pdftest.New()
	basic(b)
	b.Obj(11, "<< /Name (>> /Contents <00>) % /Contents <01>\n/V << /Contents <02> /Contents  <AB cd> >> >>")
	b.Table("")
	data := b.Bytes()
	f := open(t, data)
	start, end, ok, err := f.ValueSpan(Ref{11, 0}, "V", "Contents")
	if !ok || err != nil || string(data[start:end]) != "<AB cd>" {
		t.Errorf("%q, %v, %v", data[start:end], ok, err)
	}
	if _, _, ok, err := f.ValueSpan(Ref{11, 0}, "V", "Type"); ok || err != nil {
		t.Errorf("absent key: %v, %v", ok, err)
	}
	if _, err := f.Get(Ref{11, 0}); err != nil || !f.Ambiguous(11) {
		t.Errorf("double key not noticed (%v)", err)
	}
}

func TestRefusals(t *testing.T) {
	build := func(f func(b *pdftest.Builder)) []byte {
		b := pdftest.New()
		basic(b)
		f(b)
		return b.Bytes()
	}
	good := build(func(b *pdftest.Builder) { b.Table("") })
	cases := map[string]struct {
		data []byte
		want error
	}{
		"empty":          {nil, signing.ErrNotPDF},
		"text":           {[]byte("Kính gửi"), signing.ErrNotPDF},
		"cut":            {good[:len(good)-20], signing.ErrTruncated},
		"no EOF":         {bytes.TrimSuffix(good, []byte("%%EOF\n")), signing.ErrTruncated},
		"no root":        {bytes.Replace(good, []byte("/Root"), []byte("/Ruut"), 1), signing.ErrTruncated},
		"xref past end":  {build(func(b *pdftest.Builder) { b.Raw("startxref\n99999999\n%%EOF\n") }), signing.ErrTruncated},
		"xref negative":  {build(func(b *pdftest.Builder) { b.Raw("startxref\n-5\n%%EOF\n") }), signing.ErrTruncated},
		"prev loop":      {build(func(b *pdftest.Builder) { b.Table(fmt.Sprintf("/Prev %d", b.Len())) }), signing.ErrTruncated},
		"prev ahead":     {build(func(b *pdftest.Builder) { b.Table(fmt.Sprintf("/Prev %d", b.Len()+10)) }), signing.ErrTruncated},
		"prev a string":  {build(func(b *pdftest.Builder) { b.Table("/Prev (x)") }), signing.ErrTruncated},
		"size 2^31":      {build(func(b *pdftest.Builder) { b.Table("/Size 2147483648") }), signing.ErrResourceLimit},
		"huge run":       {build(func(b *pdftest.Builder) { b.Raw("xref\n0 8000000\n"); end(b, 0) }), signing.ErrResourceLimit},
		"deep trailer":   {build(func(b *pdftest.Builder) { b.Table("/X " + strings.Repeat("[", 100_000)) }), signing.ErrResourceLimit},
		"deep dict":      {build(func(b *pdftest.Builder) { b.Table("/X " + strings.Repeat("<</X ", 100_000)) }), signing.ErrResourceLimit},
		"4000 revisions": {build(func(b *pdftest.Builder) { revisions(b, 4000) }), signing.ErrResourceLimit},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), bytes.NewReader(c.data), int64(len(c.data)), DefaultLimits())
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func end(b *pdftest.Builder, at int64) { b.Raw(fmt.Sprintf("startxref\n%d\n%%%%EOF\n", b.Len()-15+at)) }

func revisions(b *pdftest.Builder, n int) {
	for range n {
		b.Obj(13, "(x)")
		b.Table("")
	}
}

func TestLoopsAndBombsInside(t *testing.T) {
	b := pdftest.New()
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7 0 R] >> >>")
	b.Obj(2, "<< /Type /Pages /Kids [2 0 R] >>")
	b.Obj(5, "6 0 R")
	b.Obj(6, "5 0 R")
	b.Obj(7, "<< /T (a) /Kids [7 0 R] >>")
	b.Stream(8, "/Filter [/FlateDecode /FlateDecode]", zipped(zipped(strings.Repeat("\x00", 64<<20))))
	b.Stream(9, "/Filter /DCTDecode", "x")
	b.Obj(10, "<< /Length 10 0 R >> stream\nabc\nendstream")
	b.Obj(11, "<< /Length 999 >>\nstream\nabc\r\nendstream")
	b.Table("")
	f := open(t, b.Bytes())
	if _, err := f.PageCount(); !errors.Is(err, signing.ErrTruncated) {
		t.Errorf("page loop: %v", err)
	}
	if _, err := f.Page(1); !errors.Is(err, signing.ErrTruncated) {
		t.Errorf("page loop: %v", err)
	}
	if _, err := f.Fields(); !errors.Is(err, signing.ErrTruncated) {
		t.Errorf("field loop: %v", err)
	}
	if _, err := f.Resolve(Ref{5, 0}); !errors.Is(err, signing.ErrTruncated) {
		t.Errorf("reference loop: %v", err)
	}
	decode := func(num int) (string, error) {
		o, err := f.Get(Ref{num, 0})
		if err != nil {
			return "", err
		}
		out, err := f.Decode(o.(*Stream), 1<<30)
		return string(out), err
	}
	if _, err := decode(8); !errors.Is(err, signing.ErrResourceLimit) {
		t.Errorf("inflate bomb: %v", err)
	}
	if _, err := decode(9); !errors.Is(err, ErrFilter) {
		t.Errorf("image filter: %v", err)
	}
	for _, num := range []int{10, 11} {
		if out, err := decode(num); out != "abc" || err != nil {
			t.Errorf("stream %d with a wrong length: %q, %v", num, out, err)
		}
	}
}

func TestContextEndsReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	data := kinds(t)["table"]
	if _, err := Open(ctx, bytes.NewReader(data), int64(len(data)), DefaultLimits()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
