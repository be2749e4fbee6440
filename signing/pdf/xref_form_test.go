package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf/pdftest"
)

// opened is what becomes of a file: its entry of an object, or the error of Open.
func opened(t *testing.T, data []byte) (*File, error) {
	t.Helper()
	return Open(t.Context(), bytes.NewReader(data), int64(len(data)), DefaultLimits())
}

// catalogued begins a file with a catalog at the offset that is returned.
func catalogued() (*pdftest.Builder, int64) {
	b := pdftest.New()
	at := b.Len()
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R >>")
	return b, at
}

// entered opens a file that must or must not be read, with this entry of object 1 and none of
// object 0; nil when it was not read.
func entered(t *testing.T, name string, data []byte, want error, entry *Change) *File {
	t.Helper()
	f, err := opened(t, data)
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", name, err, want)
	}
	if err != nil {
		return nil
	}
	if e, ok := f.Entry(1); ok != (entry != nil) || ok && e != *entry {
		t.Errorf("%s: %+v, %v", name, e, ok)
	}
	if _, ok := f.Entry(0); ok {
		t.Errorf("%s: there is an object 0", name)
	}
	return f
}

// TestXrefTableForm: a table that is not as ISO 32000-2, 7.5.4 has it, and the slips of
// writers that are known and mean only one thing.
func TestXrefTableForm(t *testing.T) {
	const first = "0 1\n0000000000 65535 f \n"
	_, at := catalogued()
	entry := fmt.Sprintf("%010d 00000 n \n", at)
	for name, c := range map[string]struct {
		table, trailer string
		want           error
		entry          *Change // of object 1
	}{
		"plain":                         {first + "1 1\n" + entry, "/Size 2", nil, &Change{Num: 1, Offset: at}},
		"counted from 1":                {"1 2\n0000000000 65535 f \n" + entry, "/Size 2", nil, &Change{Num: 1, Offset: at}},
		"counted from 1, used":          {"1 2\n0000000000 65535 n \n" + entry, "/Size 3", nil, nil},
		"counted from 1, later":         {"1 2\n0000000000 00000 f \n" + entry, "/Size 3", nil, nil},
		"counted from 1, somewhere":     {"1 2\n0000000009 65535 f \n" + entry, "/Size 3", nil, nil},
		"counted from 1, at the end":    {first + "1 1\n" + entry + "2 2\n0000000000 00000 f \n0000000000 65535 f \n", "/Size 4", nil, &Change{Num: 1, Offset: at}},
		"counted from 1, by its second": {"1 2\n" + entry + "0000000000 65535 f \n", "/Size 3", nil, &Change{Num: 1, Offset: at}},
		"counted from 2":                {first + "1 1\n" + entry + "2 2\n0000000000 65535 f \n0000000009 00000 n \n", "/Size 4", nil, &Change{Num: 1, Offset: at}},
		"object 0 in use":               {"0 2\n" + entry + entry, "/Size 2", nil, &Change{Num: 1, Offset: at}},
		"in use at 0":                   {first + "1 1\n0000000000 00000 n \n", "/Size 2", nil, nil},
		"free":                          {first + fmt.Sprintf("1 1\n%010d 00000 f \n", at), "/Size 2", nil, nil},
		"free for ever":                 {first + "1 1\n0000000000 65536 f \n", "/Size 2", nil, nil},
		"in use for ever":               {first + fmt.Sprintf("1 1\n%010d 65536 n \n", at), "/Size 2", signing.ErrTruncated, nil},
		"size no number":                {first + "1 1\n" + entry, "/Size /Two", nil, &Change{Num: 1, Offset: at}},
		"size negative":                 {first + "1 1\n" + entry, "/Size -1", signing.ErrResourceLimit, nil},
		"size beyond all numbers":       {first + "1 1\n" + entry, "/Size 8388609", signing.ErrResourceLimit, nil},
		"run no number":                 {first + "/A 1\n" + entry, "/Size 2", signing.ErrTruncated, nil},
		"run without a count":           {first + "1 /A\n" + entry, "/Size 2", signing.ErrTruncated, nil},
		"run from below":                {first + "-1 1\n" + entry, "/Size 2", signing.ErrTruncated, nil},
		"run beyond all numbers":        {first + "1 1\n" + entry + "8388608 0\n", "/Size 2", signing.ErrResourceLimit, nil},
		"run over all numbers":          {first + "1 1\n" + entry + "8388607 2\n" + entry + entry, "/Size 2", signing.ErrResourceLimit, nil},
		"entry without offset":          {first + "1 1\n/A 00000 n \n", "/Size 2", signing.ErrTruncated, nil},
		"entry without generation":      {first + "1 1\n0000000015 /A n \n", "/Size 2", signing.ErrTruncated, nil},
		"entry of neither kind":         {first + "1 1\n0000000015 00000 x \n", "/Size 2", signing.ErrTruncated, nil},
		"trailer's stream outside":      {first + "1 1\n" + entry, "/Size 2 /XRefStm 999999", signing.ErrTruncated, nil},
		"trailer's stream before all":   {first + "1 1\n" + entry, "/Size 2 /XRefStm -1", signing.ErrTruncated, nil},
		"trailer's stream is a page":    {first + "1 1\n" + entry, fmt.Sprintf("/Size 2 /XRefStm %d", at), signing.ErrTruncated, nil},
		"earlier section outside":       {first + "1 1\n" + entry, "/Size 2 /Prev 999999", signing.ErrTruncated, nil},
		"earlier section before all":    {first + "1 1\n" + entry, "/Size 2 /Prev -1", signing.ErrTruncated, nil},
		"earlier section no number":     {first + "1 1\n" + entry, "/Size 2 /Prev /A", signing.ErrTruncated, nil},
		"earlier section 0, that is 0":  {first + "1 1\n" + entry, "/Size 2 /Prev 0", nil, &Change{Num: 1, Offset: at}},
	} {
		b, _ := catalogued()
		start := b.Len()
		b.Raw("xref\n" + c.table + "trailer\n<< /Root 1 0 R " + c.trailer + fmt.Sprintf(" >>\nstartxref\n%d\n%%%%EOF\n", start))
		f := entered(t, name, b.Bytes(), c.want, c.entry)
		if f == nil {
			continue
		}
		r := f.Revisions()[0]
		if e, _ := r.Changes(1); e.Free && (e.Offset != 0 || e.Gen > 65535) || len(r.Conflicts) > 0 {
			t.Errorf("%s: %+v, conflicts %v", name, e, r.Conflicts)
		}
		if e, ok := r.Changes(99); ok || e != (Change{}) {
			t.Errorf("%s: %+v of no object", name, e)
		}
	}
	b, _ := catalogued()
	start := b.Len()
	b.Raw("xref\n" + first + "trailer\n[1]\n" + fmt.Sprintf("startxref\n%d\n%%%%EOF\n", start))
	if _, err := opened(t, b.Bytes()); !errors.Is(err, signing.ErrTruncated) {
		t.Errorf("trailer is an array: %v", err)
	}
}

// TestStartXref: what ends a file leads to a section within it, or nowhere.
func TestStartXref(t *testing.T) {
	b, _ := catalogued()
	start := b.Len()
	b.Table("")
	body, _, _ := strings.Cut(string(b.Bytes()), "startxref")
	for name, c := range map[string]struct {
		end  string
		want error
	}{
		"plain":            {fmt.Sprintf("startxref\n%d\n%%%%EOF\n", start), nil},
		"CR LF":            {fmt.Sprintf("startxref\r\n%d\r\n%%%%EOF\r\n", start), nil},
		"without an end":   {fmt.Sprintf("startxref\n%d\n", start), signing.ErrTruncated},
		"another word":     {fmt.Sprintf("startxrefs\n%d\n%%%%EOF\n", start), signing.ErrTruncated},
		"no number":        {"startxref\n/A\n%%EOF\n", signing.ErrTruncated},
		"behind the file":  {"startxref\n999999\n%%EOF\n", signing.ErrTruncated},
		"before the file":  {"startxref\n-5\n%%EOF\n", signing.ErrTruncated},
		"in the middle":    {"startxref\n20\n%%EOF\n", signing.ErrTruncated},
		"at the catalog":   {"startxref\n15\n%%EOF\n", signing.ErrTruncated},
		"nothing after it": {"startxref", signing.ErrTruncated},
	} {
		f, err := opened(t, []byte(body+c.end))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && f.Revisions()[0].End != int64(len(body+c.end)) {
			t.Errorf("%s: ends at %d of %d", name, f.Revisions()[0].End, len(body+c.end))
		}
	}
	f, err := opened(t, []byte(body+fmt.Sprintf("startxref\n%d\n%%%%EOF\n", start)))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 1} {
		if _, err := f.At(i); err == nil {
			t.Errorf("a revision %d of one", i)
		}
	}
}

// TestXrefStreamForm: the same of a cross-reference stream (ISO 32000-2, 7.5.8).
func TestXrefStreamForm(t *testing.T) {
	const sizes = "/Size 10 /W [1 2 1]"
	_, at := catalogued()
	row := func(kind, a, b byte) string { return string([]byte{kind, 0, a, b}) }
	used := row(1, byte(at), 0)
	rows := row(0, 0, 255) + used
	wide := func(n string) string { return "\x01" + n + "\x00" } // a row whose second field has eight bytes
	for name, c := range map[string]struct {
		dict, data string
		want       error
		entry      *Change // of object 1
	}{
		"plain":                   {sizes + " /Index [0 2]", rows, nil, &Change{Num: 1, Offset: at}},
		"kind left out":           {"/Size 2 /W [0 2 1]", "\x00\x00\x00\x00" + string([]byte{byte(at), 0}), nil, &Change{Num: 1, Offset: at}},
		"of another type":         {sizes + " /Index [0 2] /Type /ObjStm", rows, signing.ErrTruncated, nil},
		"no size":                 {"/W [1 2 1] /Index [0 2]", rows, signing.ErrTruncated, nil},
		"size negative":           {"/Size -1 /W [1 2 1] /Index [0 2]", rows, signing.ErrTruncated, nil},
		"size beyond all numbers": {"/Size 8388609 /W [1 2 1] /Index [0 2]", rows, signing.ErrResourceLimit, nil},
		"no widths":               {"/Size 2", rows, signing.ErrTruncated, nil},
		"two widths":              {"/Size 2 /W [1 3]", rows, signing.ErrTruncated, nil},
		"width negative":          {"/Size 2 /W [-1 4 1]", rows, signing.ErrTruncated, nil},
		"width of a word":         {"/Size 2 /W [/A 4 0]", rows, signing.ErrTruncated, nil},
		"width too great":         {"/Size 2 /W [9 2 1]", strings.Repeat(rows, 3), signing.ErrTruncated, nil},
		"no second field":         {"/Size 2 /W [1 0 3]", rows, signing.ErrTruncated, nil},
		"index no number":         {sizes + " /Index [/A 2]", rows, signing.ErrTruncated, nil},
		"index without count":     {sizes + " /Index [0 /A]", rows, signing.ErrTruncated, nil},
		"index negative":          {sizes + " /Index [-1 2]", rows, signing.ErrTruncated, nil},
		"count negative":          {sizes + " /Index [0 2 3 -1]", rows, signing.ErrTruncated, nil},
		"index beyond":            {sizes + " /Index [0 2 8388608 0]", rows, signing.ErrResourceLimit, nil},
		"too short":               {sizes + " /Index [0 3]", rows, signing.ErrTruncated, nil},
		"offset beyond all":       {"/Size 2 /W [1 8 1] /Index [1 1]", wide("\xff\xff\xff\xff\xff\xff\xff\xff"), nil, nil},
		"in use at 0":             {sizes + " /Index [1 1]", row(1, 0, 0), nil, nil},
		"generation too great":    {"/Size 2 /W [1 2 3] /Index [1 1]", string([]byte{1, 0, byte(at), 1, 0, 0}), nil, nil},
		"in a stream":             {sizes + " /Index [1 1]", row(2, 7, 3), nil, &Change{Num: 1, Stream: 7, Index: 3}},
		"object 0 in use":         {sizes + " /Index [0 2]", used + used, nil, &Change{Num: 1, Offset: at}},
		"in stream 0":             {sizes + " /Index [1 1]", row(2, 0, 3), nil, nil},
		"in a stream beyond":      {"/Size 2 /W [1 3 1] /Index [1 1]", "\x02\x80\x00\x00\x00", nil, nil},
		"at an index beyond":      {"/Size 2 /W [1 2 3] /Index [1 1]", "\x02\x00\x07\xff\xff\xff", nil, nil},
		"index with the top bit":  {"/Size 2 /W [1 2 8] /Index [1 1]", "\x02\x00\x07\xff\xff\xff\xff\xff\xff\xff\xff", nil, nil},
		"of a kind to come":       {sizes + " /Index [1 1]", row(3, 7, 3), nil, nil},
	} {
		b, _ := catalogued()
		start := b.Len()
		kind := "/Type /XRef"
		if strings.Contains(c.dict, "/Type") {
			kind = ""
		}
		b.Raw(fmt.Sprintf("9 0 obj\n<< %s /Root 1 0 R %s /Length %d >>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", kind, c.dict, len(c.data), c.data, start))
		entered(t, name, b.Bytes(), c.want, c.entry)
	}
}

// TestObjectStreamForm: what an object stream does not hold where it should is not found
// elsewhere.
func TestObjectStreamForm(t *testing.T) {
	const data = "5 0 6 3 [5][6]"
	type file struct {
		dict, data string
		stream     int // that the entry of object 5 names, at this index
		index      int
	}
	for name, c := range map[string]struct {
		file
		want error
	}{
		"plain":              {file{"/Type /ObjStm /N 2 /First 8", data, 3, 0}, nil},
		"another index":      {file{"/Type /ObjStm /N 2 /First 8", data, 3, 1}, signing.ErrTruncated},
		"index beyond":       {file{"/Type /ObjStm /N 2 /First 8", data, 3, 2}, signing.ErrTruncated},
		"another type":       {file{"/Type /XObject /N 2 /First 8", data, 3, 0}, signing.ErrTruncated},
		"no count":           {file{"/Type /ObjStm /N /A /First 8", data, 3, 0}, signing.ErrTruncated},
		"count negative":     {file{"/Type /ObjStm /N -1 /First 8", data, 3, 0}, signing.ErrTruncated},
		"count too great":    {file{"/Type /ObjStm /N 9 /First 8", data, 3, 0}, signing.ErrTruncated},
		"beginning negative": {file{"/Type /ObjStm /N 0 /First -1", data, 3, 0}, signing.ErrTruncated},
		"both negative":      {file{"/Type /ObjStm /N -2 /First -1", data, 3, 0}, signing.ErrTruncated},
		"offset beyond all":  {file{"/Type /ObjStm /N 2 /First 24", "5 9223372036854775807 6 [5][6]", 3, 0}, signing.ErrTruncated},
		"beginning behind":   {file{"/Type /ObjStm /N 2 /First 15", data, 3, 0}, signing.ErrTruncated},
		"index of words":     {file{"/Type /ObjStm /N 2 /First 8", "/A 0 6 3 [5][6]", 3, 0}, signing.ErrTruncated},
		"offset of words":    {file{"/Type /ObjStm /N 2 /First 8", "5 0 6 /A[5][6]", 3, 0}, signing.ErrTruncated},
		"offset behind":      {file{"/Type /ObjStm /N 2 /First 8", "5 9 6 3 [5][6]", 3, 0}, signing.ErrTruncated},
		"missing stream":     {file{"/Type /ObjStm /N 2 /First 8", data, 7, 0}, signing.ErrTruncated},
		"freed stream":       {file{"/Type /ObjStm /N 2 /First 8", data, 8, 0}, signing.ErrTruncated},
		"no stream":          {file{"/Type /ObjStm /N 2 /First 8", data, 1, 0}, signing.ErrTruncated},
		"a stream in it":     {file{"/Type /ObjStm /N 2 /First 8", data, 6, 0}, signing.ErrTruncated},
	} {
		b, at := catalogued()
		stream := b.Len()
		b.Stream(3, c.dict, c.data)
		start := b.Len()
		rows := []byte{1, 0, byte(at), 0, 1, 0, byte(stream), 0, 2, 0, byte(c.stream), byte(c.index), 2, 0, 3, 1, 0, 0, 0, 0}
		b.Raw(fmt.Sprintf("9 0 obj\n<< /Type /XRef /Root 1 0 R /Size 10 /W [1 2 1] /Index [1 1 3 1 5 2 8 1] /Length %d >>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", len(rows), rows, start))
		f, err := opened(t, b.Bytes())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o, err := f.Get(Ref{5, 0})
		if !errors.Is(err, c.want) || err == nil && !Equal(o, Array{int64(5)}) {
			t.Errorf("%s: %v, %v, want %v", name, o, err, c.want)
		}
		if o, err := f.Get(Ref{5, 1}); o != nil || err != nil {
			t.Errorf("%s: of another generation: %v, %v", name, o, err)
		}
		if o, err := f.Get(Ref{1, 1}); o != nil || err != nil {
			t.Errorf("%s: catalog of another generation: %v, %v", name, o, err)
		}
		if o, err := f.Get(Ref{8, 0}); o != nil || err != nil {
			t.Errorf("%s: freed: %v, %v", name, o, err)
		}
	}
}

// TestObjectStreamFirst: an object stream that is free, or said to be in another, is not read
// from the beginning of the file, where its offset of 0 points.
func TestObjectStreamFirst(t *testing.T) {
	for name, row := range map[string]string{"free": "\x00\x00\x00\x00", "in another": "\x02\x00\x06\x00"} {
		b := pdftest.New()
		b.Stream(3, "/Type /ObjStm /N 1 /First 4", "5 0 [5]")
		catalog := b.Len()
		b.Obj(1, "<< /Type /Catalog >>")
		start := b.Len()
		rows := string([]byte{1, 0, byte(catalog), 0}) + row + "\x02\x00\x03\x00"
		b.Raw(fmt.Sprintf("9 0 obj\n<< /Type /XRef /Root 1 0 R /Size 10 /W [1 2 1] /Index [1 1 3 1 5 1] /Length %d >>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", len(rows), rows, start))
		f, err := opened(t, b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if o, err := f.Get(Ref{5, 0}); !errors.Is(err, signing.ErrTruncated) {
			t.Errorf("%s: %v, %v", name, o, err)
		}
	}
	b := pdftest.New()
	b.Obj(1, "<< /Type /Catalog >>")
	b.ObjStm(3, map[int]string{5: "<< /A 1 /A 2 >>", 6: "<< /A 1 >>"})
	b.XrefStream(9, "")
	f := open(t, b.Bytes())
	for n, want := range map[int]bool{5: true, 6: false} {
		if _, err := f.Get(Ref{n, 0}); err != nil || f.Ambiguous(n) != want {
			t.Errorf("object %d: ambiguous %v, %v", n, f.Ambiguous(n), err)
		}
	}
	f.keepStream(20, &objectStream{data: make([]byte, 20<<20)})
	if f.keepStream(21, &objectStream{data: make([]byte, 5<<20)}); f.streams[20] == nil || f.streams[21] == nil {
		t.Error("object streams that fit are not kept")
	}
	if f.keepStream(22, &objectStream{data: make([]byte, 20<<20)}); len(f.streams) != 1 {
		t.Errorf("%d object streams are kept", len(f.streams))
	}
}
