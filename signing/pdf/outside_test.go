package pdf

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"congvan/signing/pdf/pdftest"
)

// qpdf rewrites a file; its exit code 3 means warnings only.
func qpdf(t *testing.T, data []byte, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("qpdf", append(args, in, out)...)
	if msg, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 3 {
		t.Fatalf("qpdf: %v: %s", err, msg)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestReadsWhatOthersWrite(t *testing.T) {
	src := kinds(t)["table"]
	for name, args := range map[string][]string{
		"linearized table":  {"--linearize", "--object-streams=disable"},
		"linearized stream": {"--linearize", "--object-streams=generate"},
		"object streams":    {"--object-streams=generate", "--compress-streams=y"},
		"qdf":               {"--qdf"},
	} {
		t.Run(name, func(t *testing.T) {
			data := qpdf(t, src, args...)
			checkTwoPages(t, data, strings.HasPrefix(name, "linearized"))
			// An update on top of it, then both states again.
			b := pdftest.Continue(data, open(t, data).StartXref(), open(t, data).MaxObject()+1)
			b.Root = open(t, data).RootRef().String()
			b.Obj(500, "(x)")
			b.Table("")
			f := open(t, b.Bytes())
			if len(f.Revisions()) != 2 {
				t.Fatalf("%d revisions", len(f.Revisions()))
			}
			old, err := f.At(0)
			if err != nil || old.Size() != int64(len(data)) {
				t.Fatalf("old state: %d bytes of %d, %v", old.Size(), len(data), err)
			}
			if o, err := f.Get(Ref{500, 0}); err != nil || o.(String).Text() != "x" {
				t.Errorf("new object: %v, %v", o, err)
			}
		})
	}
}

func checkTwoPages(t *testing.T, data []byte, linear bool) {
	t.Helper()
	f := open(t, data)
	revs := f.Revisions()
	if len(revs) != 1 || revs[0].End != int64(len(data)) || revs[0].StartXref != revs[0].XrefOffset || revs[0].Linearized != linear {
		t.Errorf("revisions: %+v of %d bytes", revs, len(data))
	}
	for n, rotate := range []int{90, 270} {
		if p, err := f.Page(n + 1); err != nil || p.Rotate != rotate {
			t.Errorf("page %d: %+v, %v", n+1, p, err)
		}
	}
	for _, n := range f.Numbers() {
		e, _ := f.Entry(n)
		o, err := f.Get(Ref{n, e.Gen})
		if err != nil {
			t.Errorf("object %d: %v", n, err)
		}
		if s, ok := o.(*Stream); ok {
			if _, err := f.Decode(s, 1<<20); err != nil {
				t.Errorf("stream %d: %v", n, err)
			}
		}
	}
	if fields, err := f.Fields(); err != nil || len(fields) != 2 {
		t.Errorf("fields: %+v, %v", fields, err)
	}
}

func TestReadsLibreOffice(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "van-ban.txt")
	if err := os.WriteFile(in, []byte("Cộng hòa xã hội chủ nghĩa Việt Nam\n\fTrang hai"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("soffice", "--headless", "-env:UserInstallation=file://"+dir+"/profile",
		"--convert-to", "pdf", "--outdir", dir, in)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v: %s", err, msg)
	}
	data, err := os.ReadFile(filepath.Join(dir, "van-ban.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, data)
	p, err := f.Page(1)
	if err != nil || p.Resources["Font"] == nil {
		t.Fatalf("page 1: %+v, %v", p, err)
	}
	o, err := f.Resolve(p.Dict["Contents"])
	if err != nil {
		t.Fatal(err)
	}
	text, err := f.Decode(o.(*Stream), 1<<20)
	if err != nil || !bytes.Contains(text, []byte("BT")) {
		t.Errorf("contents: %.60q, %v", text, err)
	}
	s := NewScanner(text, DefaultLimits())
	for shown := false; ; {
		tok, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		shown = shown || tok == Keyword("Tj") || tok == Keyword("TJ")
		if tok == Keyword("") {
			if !shown {
				t.Error("no text is shown")
			}
			break
		}
	}
}

func TestEncryptedFilesOpenWithoutPassword(t *testing.T) {
	src := kinds(t)["table"]
	for name, args := range map[string][]string{
		"RC4 40":              {"--allow-weak-crypto", "--encrypt", "", "owner", "40", "--"},
		"RC4 128":             {"--allow-weak-crypto", "--encrypt", "", "owner", "128", "--use-aes=n", "--"},
		"AES 128":             {"--allow-weak-crypto", "--encrypt", "", "owner", "128", "--use-aes=y", "--"},
		"AES 256":             {"--encrypt", "", "owner", "256", "--"},
		"AES 256, R5":         {"--allow-weak-crypto", "--encrypt", "", "owner", "256", "--force-R5", "--"},
		"AES 256 and objects": {"--object-streams=generate", "--encrypt", "", "owner", "256", "--cleartext-metadata", "--"},
	} {
		t.Run(name, func(t *testing.T) {
			data := qpdf(t, src, args...)
			f := open(t, data)
			if !f.Encrypted() || f.Locked() {
				t.Fatalf("encrypted %v, locked %v", f.Encrypted(), f.Locked())
			}
			fields, err := f.Fields()
			if err != nil || len(fields) != 2 || fields[0].Name != "so.ký" {
				t.Errorf("fields %+v, %v", fields, err)
			}
			p, err := f.Page(1)
			if err != nil {
				t.Fatal(err)
			}
			o, err := f.Resolve(p.Dict["Contents"])
			if err != nil {
				t.Fatal(err)
			}
			if text, err := f.Decode(o.(*Stream), 100); string(text) != "BT ET" || err != nil {
				t.Errorf("contents %q, %v", text, err)
			}
			// The dictionary that tells how the file is encrypted is not encrypted itself.
			d, err := f.Dict(f.Trailer()["Encrypt"])
			if u, _ := d["U"].(String); len(u) < 32 || !bytes.Contains(data, []byte(hex.EncodeToString(u))) {
				t.Errorf("encryption dictionary %v, %v", d, err)
			}
		})
	}
	for _, bits := range []string{"128", "256"} {
		f := open(t, qpdf(t, src, "--allow-weak-crypto", "--encrypt", "secret", "owner", bits, "--"))
		if !f.Encrypted() || !f.Locked() {
			t.Errorf("%s bits with a password: encrypted %v, locked %v", bits, f.Encrypted(), f.Locked())
		}
	}
}
