package pades

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"congvan/signing"
	"congvan/signing/pdf"
)

// vietnamese holds every letter of Vietnamese with every tone mark, in both cases.
func vietnamese() []string {
	var lines []string
	for _, base := range []string{"aăâ", "eê", "ioô", "ơuư", "y"} {
		var b strings.Builder
		for _, letter := range base {
			for _, tone := range []string{"", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"} {
				b.WriteString(norm.NFC.String(string(letter) + tone))
			}
			b.WriteByte(' ')
		}
		lower := strings.TrimSpace(b.String())
		lines = append(lines, lower, strings.ToUpper(lower))
	}
	return append(lines, "đĐ 0123456789 /-.,:;()&+", "Nguyễn Hữu Thưởng, Phạm Đắc Lệ Quỳnh")
}

// Every Vietnamese letter can be drawn, composed or not, and is read back as itself
// by pdftotext.
func TestVietnameseIsDrawnAndReadBack(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	base := formFile{}.build()
	for name, form := range map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD} {
		var lines []string
		for _, l := range vietnamese() {
			lines = append(lines, form.String(l))
		}
		signed := s.sign(t, e, base, signing.Request{
			Field: "s", Place: signing.Place{Page: 1, X: 20, Y: 20, W: 150, H: 100},
			Appearance: signing.Appearance{Look: signing.LookCopy, Lines: lines},
		})
		path := save(t, name+".pdf", signed)
		text := run(t, "pdftotext", "-layout", path, "-")
		for _, l := range vietnamese() {
			if !strings.Contains(text, l) {
				t.Errorf("%s: %q is not in\n%s", name, l, text)
			}
		}
		if out := run(t, "pdffonts", path); !strings.Contains(out, "+LiberationSerif") || !strings.Contains(out, "Identity-H       yes yes yes") {
			t.Errorf("%s: the font is not an embedded subset with ToUnicode:\n%s", name, out)
		}
	}
}

// Composed and decomposed text is the same text: the same bytes are written.
func TestNormalisation(t *testing.T) {
	e, base := New(Options{}), formFile{}.build()
	tail := func(form norm.Form) []byte {
		p, err := e.Prepare(t.Context(), asFile(base), signing.Request{
			Field: "s", Time: signedAt,
			Place:      signing.Place{Page: 1, X: 20, Y: 20, W: 80, H: 20},
			Appearance: signing.Appearance{Look: signing.LookAttachment, Lines: []string{form.String("Sở Văn hóa, 21-11-2026")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return p.Tail
	}
	if !bytes.Equal(tail(norm.NFC), tail(norm.NFD)) {
		t.Error("decomposed text is written otherwise than composed text")
	}
}

func TestMissingGlyphIsNamed(t *testing.T) {
	for _, text := range []string{"Trần 漢", "Lê \U0001F600", "tab\there", "line\nbreak"} {
		_, err := newSubset(New(Options{}).regular, pdf.Ref{}).set(text)
		if !errors.Is(err, signing.ErrGlyphMissing) || !strings.Contains(err.Error(), "U+") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The subset is a font that FreeType accepts, with the same outlines as the whole:
// pdftoppm, which draws with FreeType, and fc-query read it without complaint.
func TestSubsetIsAFont(t *testing.T) {
	for _, f := range []*face{New(Options{}).regular, New(Options{}).italic} {
		s := newSubset(f, pdf.Ref{})
		if _, err := s.set(strings.Join(vietnamese(), " ")); err != nil {
			t.Fatal(err)
		}
		file, count, err := f.outline.subset(s.glyphs)
		if err != nil {
			t.Fatal(err)
		}
		if count < len(s.glyphs) || len(file) > 60_000 {
			t.Errorf("%s: %d glyphs in %d bytes", f.name, count, len(file))
		}
		again, err := parseTrueType(file)
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		for cid, glyph := range s.glyphs {
			if !bytes.Equal(again.metric(uint16(cid)), f.outline.metric(glyph)) {
				t.Errorf("%s: glyph %d has another width in the subset", f.name, glyph)
			}
		}
		for i := range count {
			outline := again.glyf[again.offsets[i]:again.offsets[i+1]]
			if len(outline) > 12 && int8(outline[0]) < 0 && binary.BigEndian.Uint16(outline[10:])&haveInstructions != 0 {
				t.Errorf("%s: composite glyph %d promises instructions", f.name, i)
			}
		}
		if checksum(file) != 0xB1B0AFBA {
			t.Errorf("%s: the file's checksum is %08X", f.name, checksum(file))
		}
		path := filepath.Join(t.TempDir(), "subset.ttf")
		writeFile(t, path, file)
		if out, err := exec.Command("fc-query", path).CombinedOutput(); err != nil {
			t.Errorf("%s: fc-query: %v: %s", f.name, err, out)
		}
	}
}

// Damaged fonts are errors, at every length.
func TestDamagedFontIsAnError(t *testing.T) {
	data, err := fontFiles.ReadFile("fonts/LiberationSerif-Italic.ttf")
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(data); n += 997 {
		if _, err := parseTrueType(data[:n]); err == nil {
			t.Errorf("%d of %d bytes pass for a font", n, len(data))
		}
	}
}

// Names and reasons come back from the signature dictionary as they went in, also
// where their bytes look like delimiters.
func TestTextsOfTheSignature(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	for _, text := range []string{
		"plain", `a (b) c \ d`, `unbalanced ((`, `\`, ")", "Nguyễn Thị Ánh Tuyết (VP)",
		"\u2829\u5C28\u285C", // UTF-16 bytes 28 29, 5C 28, 28 5C: ( ) and \
		strings.Repeat("Ẫ", 120), "𝄞 beyond the BMP",
	} {
		signed := s.sign(t, e, formFile{}.build(), signing.Request{Field: "s", Name: text, Reason: text, Location: text})
		verified(t, signed, s)
		d := signatures(t, signed)[0].dict
		for _, key := range []string{"Name", "Reason", "Location"} {
			if got := textOf(d, key); got != text {
				t.Errorf("/%s: wrote %q, read %q", key, text, got)
			}
		}
	}
}

func TestDictionaryOfTheSignature(t *testing.T) {
	signed := newSigner(t, "A").sign(t, New(Options{}), formFile{}.build(), signing.Request{Field: "s", Reason: "Phê duyệt"})
	for _, want := range []string{
		"/Type /Sig ", "/Filter /Adobe.PPKLite ", "/SubFilter /ETSI.CAdES.detached ",
		"/M (D:20261121153045+07'00') ", "/Reason <FEFF0050006800EA00200064007500791EC70074> ",
	} {
		if !bytes.Contains(signed, []byte(want)) {
			t.Errorf("the file lacks %q", want)
		}
	}
	for _, more := range []string{"/Reference", "/Lock", "/Location", "/NeedAppearances"} {
		if bytes.Contains(signed, []byte(more)) {
			t.Errorf("the file has %s, which nobody asked for", more)
		}
	}
}

// The time is written with its own zone, also those of half hours and west of Greenwich.
func TestDateKeepsItsZone(t *testing.T) {
	for seconds, want := range map[int]string{
		7 * 3600: "D:20261121153045+07'00'", 0: "D:20261121153045+00'00'",
		-(3*3600 + 1800): "D:20261121153045-03'30'", 5*3600 + 45*60: "D:20261121153045+05'45'",
	} {
		at := time.Date(2026, 11, 21, 15, 30, 45, 999, time.FixedZone("", seconds))
		if got := date(at); got != want {
			t.Errorf("%d seconds east: %s, want %s", seconds, got, want)
		}
	}
}
