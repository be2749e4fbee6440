package edxml

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

func relay(t *testing.T, raw []byte, end int64) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Relay(&b, bytes.NewReader(raw), end, TraceHeader{"H99.00", "2026/11/20 10:16:00"}, SDK()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// message is a small well-formed message with parts to spoil.
func message(header, files string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><edXML xmlns="` + Namespace + `"><edXMLEnvelope><edXMLHeader><MessageHeader>` +
		`<From><OrganId>H99.14</OrganId></From><To><OrganId>H99.05</OrganId></To><DocumentId>1</DocumentId><Subject>x</Subject>` +
		header + `</MessageHeader></edXMLHeader></edXMLEnvelope><AttachmentEncoded>` + files + `</AttachmentEncoded></edXML>`
}

func encodedFile(name, text string) string {
	return "<Attachment><AttachmentName>" + name + "</AttachmentName><ContentTransferEncoded>" + text + "</ContentTransferEncoded></Attachment>"
}

func bomb(size int) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	e, _ := w.Create("x")
	e.Write(make([]byte, size))
	w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func damagedZip() string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	e, _ := w.CreateHeader(&zip.FileHeader{Name: "x", Method: zip.Store})
	e.Write([]byte("stored text that will be altered"))
	w.Close()
	return base64.StdEncoding.EncodeToString(bytes.Replace(b.Bytes(), []byte("altered"), []byte("ALTERED"), 1))
}

func TestReadRefuses(t *testing.T) {
	decl := `<?xml version="1.0"?>`
	for name, c := range map[string]struct {
		raw  string
		want ErrorCode
	}{
		"doctype":          {decl + `<!DOCTYPE edXML [<!ENTITY a "b">]><edXML/>`, CodeForbidden},
		"external entity":  {decl + `<!DOCTYPE edXML SYSTEM "http://attacker.example/x.dtd"><edXML/>`, CodeForbidden},
		"doctype later":    {message(`<!DOCTYPE x>`, ""), CodeForbidden},
		"entity":           {message(`<Content>&xxe;</Content>`, ""), CodeSyntax},
		"stylesheet":       {decl + `<?xml-stylesheet href="x.xsl"?><edXML/>`, CodeForbidden},
		"second xml decl":  {decl + decl + `<edXML/>`, CodeForbidden},
		"instruction":      {message(`<?php x ?>`, ""), CodeForbidden},
		"xinclude":         {message(`<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/hosts"/>`, ""), CodeForbidden},
		"xinclude unbound": {message(`<xi:include href="file:///etc/hosts"/>`, ""), CodeForbidden},
		"html":             {`<html><body>502</body></html>`, CodeNotEdXML},
		"json":             {`{"status":"FAIL","ErrorDesc":"` + strings.Repeat("x", 100) + `"}`, CodeNotEdXML},
		"empty":            {"", CodeNotEdXML},
		"only space":       {"  \r\n", CodeNotEdXML},
		"only declaration": {decl, CodeNotEdXML},
		"no header":        {`<edXML><edXMLEnvelope/></edXML>`, CodeNotEdXML},
		"cut utf-16":       {"\xff\xfe<\x00e\x00d\x00", CodeSyntax},
		"utf-16 no bom":    {"\x00<\x00e\x00d", CodeEncoding},
		"other charset":    {`<?xml version="1.0" encoding="windows-1258"?><edXML/>`, CodeEncoding},
		"bad utf-8":        {message("<Content>\xc3\x28</Content>", ""), CodeSyntax},
		"nul":              {message("<Content>\x00</Content>", ""), CodeSyntax},
		"unclosed":         {`<edXML><edXMLEnvelope>`, CodeSyntax},
		"wrong end":        {`<edXML></edXMLEnvelope>`, CodeSyntax},
		"second root":      {message("", "") + `<edXML/>`, CodeSyntax},
		"trailing text":    {message("", "") + `x`, CodeSyntax},
		"subject twice":    {message(`<Subject>y</Subject>`, ""), CodeAmbiguous},
		"sender twice":     {message(`<From><OrganId>H98.01</OrganId></From>`, ""), CodeAmbiguous},
		"header twice":     {message(`</MessageHeader><MessageHeader>`, ""), CodeAmbiguous},
		"content twice": {message("", `<Attachment><ContentTransferEncoded>AAAA</ContentTransferEncoded>`+
			`<ContentTransferEncoded>AAAA</ContentTransferEncoded></Attachment>`), CodeAmbiguous},
		"deep":           {message(strings.Repeat("<a>", 30)+strings.Repeat("</a>", 30), ""), CodeTooLarge},
		"many elements":  {message(strings.Repeat("<a/>", 200_001), ""), CodeTooLarge},
		"long text":      {message("<Content>"+strings.Repeat("x", 300<<10)+"</Content>", ""), CodeTooLarge},
		"many bytes":     {message(strings.Repeat("<Content>"+strings.Repeat(" ", 200<<10)+"</Content>", 100), ""), CodeTooLarge},
		"many files":     {message("", strings.Repeat("<Attachment/>", 201)), CodeTooLarge},
		"not base64":     {message("", encodedFile("a.pdf", "AA*A")), CodeBase64},
		"half a byte":    {message("", encodedFile("a.pdf", "AAAAA")), CodeBase64},
		"after padding":  {message("", encodedFile("a.pdf", "AA==AAAA")), CodeBase64},
		"only padding":   {message("", encodedFile("a.pdf", "====")), CodeBase64},
		"entity base64":  {message("", encodedFile("a.pdf", "AA&amp;A")), CodeBase64},
		"element base64": {message("", encodedFile("a.pdf", "AAAA<b/>")), CodeBase64},
		"open base64":    {strings.SplitAfter(message("", encodedFile("a.pdf", "AAAA")), "Encoded>AAA")[0], CodeSyntax},
		"zip bomb":       {message("", encodedFile("a.pdf", bomb(40<<20))), CodeZip},
		"damaged zip":    {message("", encodedFile("a.xlsx", damagedZip())), CodeZip},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readWith(t, []byte(c.raw), Limits{})
			var refused *Error
			if !errors.As(err, &refused) || refused.Code != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestReadLimits(t *testing.T) {
	raw := []byte(message("", encodedFile("a.pdf", strings.Repeat("AAAA", 1000))+encodedFile("b.pdf", strings.Repeat("AAAA", 1000))))
	if _, err := readWith(t, raw, Limits{Bytes: int64(len(raw)), File: 3000, Files: 6000, Markup: 2000}); err != nil {
		t.Errorf("at the limits: %v", err)
	}
	for name, lim := range map[string]Limits{
		"bytes":  {Bytes: int64(len(raw)) - 1},
		"file":   {File: 2999},
		"files":  {Files: 5999},
		"markup": {Markup: 500},
	} {
		_, err := readWith(t, raw, lim)
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != CodeTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A ZIP of more entries, an encrypted one or one of folders is kept as it came.
func TestZipThatIsNoWrappingIsKept(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"../../etc/passwd", "b"} {
		e, _ := w.Create(name)
		e.Write([]byte(name))
	}
	w.Close()
	text := base64.StdEncoding.EncodeToString(b.Bytes())
	for _, name := range []string{"a.pdf", "a.zip", "a.docx", "khong-duoi"} {
		env := read(t, []byte(message("", encodedFile(name, text))))
		if got := contents(t, env.Message)[0]; got != b.String() {
			t.Errorf("%s: %d bytes instead of %d", name, len(got), b.Len())
		}
	}
}

func TestTruncatedAnywhere(t *testing.T) {
	raw := write(t, newMessage(), SDK())
	end := bytes.LastIndexByte(raw, '>')
	for n := range end + 1 {
		_, err := Read(context.Background(), bytes.NewReader(raw[:n]), Limits{}, inMemory)
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != CodeSyntax && refused.Code != CodeNotEdXML {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

var errDisk = errors.New("disk full")

type failing struct {
	r io.Reader
	n int64
}

func (f *failing) Read(p []byte) (int, error) {
	if f.n <= 0 {
		return 0, errDisk
	}
	n, err := f.r.Read(p[:min(int64(len(p)), f.n)])
	f.n -= int64(n)
	return n, err
}

// What is not the message's fault is never told as such: the message would be put away
// for good.
func TestOtherFaultsPassThrough(t *testing.T) {
	raw := write(t, newMessage(), SDK())
	for n := range int64(len(raw)) {
		_, err := Read(context.Background(), &failing{bytes.NewReader(raw), n}, Limits{}, inMemory)
		if !errors.Is(err, errDisk) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	for n := range 3 { // pdf, zip, what was in the zip
		opened := 0
		_, err := Read(context.Background(), bytes.NewReader(raw), Limits{}, func() (File, error) {
			if opened++; opened > n {
				return nil, errDisk
			}
			return inMemory()
		})
		if !errors.Is(err, errDisk) {
			t.Errorf("spool fails at %d: %v", n, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, bytes.NewReader(raw), Limits{}, NewTemp(t.TempDir()).Open); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	m := newMessage()
	m.Attachments[0].Open = func() (io.ReadCloser, error) { return nil, errDisk }
	if err := Write(io.Discard, m, SDK()); !errors.Is(err, errDisk) {
		t.Errorf("attachment: %v", err)
	}
}

func TestWriteNoticesAChangedFile(t *testing.T) {
	for name, change := range map[string]func(*Attachment){
		"size": func(a *Attachment) { a.Size = int64(len(emptyPDF)) + 1 },
		"hash": func(a *Attachment) { a.SHA256 = sha([]byte("other")) },
	} {
		m := newMessage()
		change(&m.Attachments[0])
		if err := Write(io.Discard, m, SDK()); err == nil || !strings.Contains(err.Error(), "changed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnknownIsBounded(t *testing.T) {
	env := read(t, []byte(message(strings.Repeat("<a>x</a>", 300), "")))
	if len(env.Unknown) != 200 || !hasNote(env, NoteUnknown, "") {
		t.Errorf("%d kept, notes %v", len(env.Unknown), env.Notes)
	}
}

// zeros gives n bytes that compress badly enough not to be a bomb.
type noise struct{ n, state uint64 }

func (z *noise) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	p = p[:min(uint64(len(p)), z.n)]
	for i := range p {
		z.state = z.state*6364136223846793005 + 1442695040888963407
		p[i] = byte(z.state >> 56)
	}
	z.n -= uint64(len(p))
	return len(p), nil
}

// TestLargeAttachmentsAreStreamed sends 64 MiB, as it is and zipped, from Write to Read
// through a pipe; everything allocated on the way stays far below that.
func TestLargeAttachmentsAreStreamed(t *testing.T) {
	const size = 64 << 20
	for _, name := range []string{"lon.pdf", "lon.bin"} {
		m := newMessage()
		m.Attachments = []Attachment{{
			ContentId: "1", AttachmentName: name, Size: size,
			Open: func() (io.ReadCloser, error) { return io.NopCloser(&noise{n: size}), nil },
		}}
		spool := NewTemp(t.TempDir())
		defer spool.Close()
		r, w := io.Pipe()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		go func() { w.CloseWithError(Write(w, m, SDK())) }()
		env, err := Read(context.Background(), r, Limits{}, spool.Open)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if got := env.Message.Attachments[0]; got.Size != size {
			t.Errorf("%s: %d bytes", name, got.Size)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
			t.Errorf("%s: %d bytes allocated in all", name, used)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var raw bytes.Buffer
	m := newMessage()
	const size = 8 << 20
	m.Attachments[0].Open = func() (io.ReadCloser, error) { return io.NopCloser(&noise{n: size}), nil }
	if err := Write(&raw, m, SDK()); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(raw.Len()))
	for b.Loop() {
		spool := NewTemp(b.TempDir())
		if _, err := Read(context.Background(), bytes.NewReader(raw.Bytes()), Limits{}, spool.Open); err != nil {
			b.Fatal(err)
		}
		spool.Close()
	}
}

func BenchmarkWrite(b *testing.B) {
	m := newMessage()
	const size = 8 << 20
	m.Attachments[0].Open = func() (io.ReadCloser, error) { return io.NopCloser(&noise{n: size}), nil }
	b.SetBytes(size)
	for b.Loop() {
		if err := Write(io.Discard, m, SDK()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadManyRecipients(b *testing.B) {
	m := newMessage()
	for i := range 636 {
		m.MessageHeader.To = append(m.MessageHeader.To, Agency{OrganId: fmt.Sprintf("H98.%03d", i), OrganName: "UBND xã Mẫu"})
	}
	raw := write(b, m, SDK())
	for b.Loop() {
		spool := NewTemp(b.TempDir())
		if _, err := Read(context.Background(), bytes.NewReader(raw), Limits{}, spool.Open); err != nil {
			b.Fatal(err)
		}
		spool.Close()
	}
}

// zipped is a ZIP in base64 of pairs of name and content.
func zipped(pairs ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		e, _ := w.Create(pairs[i])
		e.Write([]byte(pairs[i+1]))
	}
	w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func unzippedText(s string) string {
	b, _ := base64.StdEncoding.DecodeString(s)
	return string(b)
}
