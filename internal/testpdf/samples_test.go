package testpdf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// pdf runs one of the PDF programs of `make setup` on a sample.
func pdf(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String() + errs.String(), err
}

func TestSamplesAreGoodLetters(t *testing.T) {
	first := []string{
		"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "SỞ VÍ DỤ",
		"/SVD-VP", "V/v phối hợp cung cấp số liệu", "Kính gửi:", "- Sở Mẫu tỉnh Mẫu.",
		"trong thời hạn 07", "GIÁM ĐỐC", "Nguyễn Văn Mẫu", "Lưu: VT, VP.", "DỮ LIỆU THỬ NGHIỆM",
	}
	tests := []struct {
		file    string
		info    []string // lines of pdfinfo, blanks folded
		phrases []string
	}{
		{"cong-van-1.pdf", []string{"Pages: 1", "Form: none", "Optimized: no"}, first},
		{"cong-van-1-xref-stream.pdf", []string{"Pages: 1"}, first},
		{"cong-van-1-linearized.pdf", []string{"Optimized: yes"}, first},
		{"cong-van-1-rotated.pdf", []string{"Page size: 842 x 595 pts", "Page rot: 90"}, first},
		{"cong-van-1-owner-password.pdf", []string{"Encrypted: yes", "algorithm:AES-256"}, first},
		{"cong-van-2.pdf", []string{"Pages: 2"}, []string{"V/v hướng dẫn lập hồ sơ công việc", "3. Kết thúc và nộp lưu hồ sơ", "KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC", "Trần Thị Thử"}},
		{"cong-van-bieu-mau.pdf", []string{"Form: AcroForm"}, []string{"SỞ THỬ NGHIỆM", "0900 000 000", "Hoàng Văn Kiểm Thử"}},
		{"cong-van-so-lap.pdf", []string{"Pages: 1"}, []string{"/STN-VP", "không cách chữ"}},
		{"tra-loi.pdf", []string{"Pages: 1"}, []string{"TỈNH MẪU", "/SM-VP", "Kính gửi: Sở Ví dụ, Thành phố.", "Lê Hoàng Ví Dụ"}},
		{"quyet-dinh.pdf", []string{"Pages: 1"}, []string{"/QĐ-SVD", "QUYẾT ĐỊNH", "Căn cứ Nghị định số 30/2020/NĐ-CP", "Điều 3.", "Như Điều 3;"}},
		{"thong-bao.pdf", []string{"Pages: 1"}, []string{"PHƯỜNG MẪU", "/TB-UBND", "TM. ỦY BAN NHÂN DÂN", "Đỗ Thị Minh Họa"}},
		{"phu-luc.pdf", []string{"Pages: 1"}, []string{"PHỤ LỤC", "Văn bản", "1.007"}},
		{"phu-luc-scan.pdf", []string{"Pages: 1"}, nil},
		{"van-ban-giay-scan.pdf", []string{"Pages: 1"}, nil},
	}
	spaces := regexp.MustCompile(`[ \t]+`)
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			path := Path(tt.file)
			if out, err := pdf(t, "qpdf", "--check", path); err != nil {
				t.Errorf("qpdf --check: %v\n%s", err, out)
			}
			info, err := pdf(t, "pdfinfo", path)
			if err != nil {
				t.Fatal(info)
			}
			for _, want := range tt.info {
				if !strings.Contains(spaces.ReplaceAllString(info, " "), want) {
					t.Errorf("pdfinfo lacks %q:\n%s", want, info)
				}
			}
			text, err := pdf(t, "pdftotext", "-layout", path, "-")
			if err != nil {
				t.Fatal(text)
			}
			if tt.phrases == nil && strings.TrimSpace(text) != "" {
				t.Errorf("a scan holds text: %q", text)
			}
			if !norm.NFC.IsNormalString(text) {
				t.Error("text is not NFC")
			}
			for _, want := range tt.phrases {
				if !strings.Contains(text, want) {
					t.Errorf("text lacks %q:\n%s", want, text)
				}
			}
			fonts, err := pdf(t, "pdffonts", path)
			if err != nil {
				t.Fatal(fonts)
			}
			for _, line := range strings.Split(strings.TrimSpace(fonts), "\n")[min(2, strings.Count(fonts, "\n")):] {
				// The reader's own Helvetica belongs to LibreOffice's form fields.
				if line != "" && !strings.HasPrefix(line, "Helvetica") && !regexp.MustCompile(`\+\S+ .* yes yes yes +\d`).MatchString(line) {
					t.Errorf("font not embedded as a subset: %s", line)
				}
				if strings.Contains(line, "DejaVu") {
					t.Errorf("fallback font, fonts-liberation2 was missing: %s", line)
				}
			}
		})
	}
}

func TestBadSamplesAreBad(t *testing.T) {
	for _, file := range []string{"cong-van-1-user-password.pdf", "cong-van-1-truncated.pdf", "not-a-pdf.pdf"} {
		if out, err := pdf(t, "qpdf", "--check", Path(file)); err == nil {
			t.Errorf("%s passes qpdf --check:\n%s", file, out)
		}
	}
	if out, err := pdf(t, "qpdf", "--check", "--password=thu-nghiem", Path("cong-van-1-user-password.pdf")); err != nil {
		t.Errorf("the user password does not open the file:\n%s", out)
	}
	head := make([]byte, 4)
	f, err := os.Open(Path("not-a-pdf.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(head); err != nil || string(head) == "%PDF" {
		t.Errorf("not-a-pdf.pdf starts with %q, %v", head, err)
	}
}

func TestSamplesAreSmallAndHaveSources(t *testing.T) {
	var total int64
	files, err := filepath.Glob(Path("*.pdf"))
	if err != nil || len(files) < 17 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
		if info.Size() > 300_000 {
			t.Errorf("%s has %d bytes", f, info.Size())
		}
	}
	if total > 3_000_000 {
		t.Errorf("samples have %d bytes", total)
	}
	for _, name := range []string{"cong-van-1", "cong-van-2", "cong-van-bieu-mau", "cong-van-so-lap", "tra-loi", "quyet-dinh", "thong-bao", "phu-luc", "van-ban-giay"} {
		if _, err := os.Stat(Path("docx/" + name + ".docx")); err != nil {
			t.Error(err)
		}
	}
}

// word is a word of pdftotext -bbox; places in points from the top left.
type word struct {
	XMin float64 `xml:"xMin,attr"`
	XMax float64 `xml:"xMax,attr"`
	YMin float64 `xml:"yMin,attr"`
	YMax float64 `xml:"yMax,attr"`
	Text string  `xml:",chardata"`
}

// TestBlanksHaveRoom measures what the clerk and the signers fill in: the
// number, day and month, and the place of the signature image.
func TestBlanksHaveRoom(t *testing.T) {
	const mm = 72 / 25.4
	for file, names := range map[string]struct{ page, title, name string }{
		"cong-van-1.pdf":        {"1", "ĐỐC", "Mẫu"},
		"cong-van-2.pdf":        {"2", "ĐỐC", "Thử"},
		"cong-van-bieu-mau.pdf": {"1", "ĐỐC", "Thử"},
		"tra-loi.pdf":           {"1", "ĐỐC", "Dụ"},
		"quyet-dinh.pdf":        {"1", "ĐỐC", "Mẫu"},
		"thong-bao.pdf":         {"1", "TỊCH", "Họa"},
	} {
		t.Run(file, func(t *testing.T) {
			top := words(t, file, "1")
			// The blank is what lies before the next word of the same line.
			after := func(name string) float64 {
				from := slices.IndexFunc(top, func(w word) bool { return w.Text == name })
				if from < 0 {
					t.Fatalf("%q not found", name)
				}
				gap := 1000.0
				for _, w := range top {
					if w.XMin >= top[from].XMax && w.YMin < top[from].YMax && w.YMax > top[from].YMin {
						gap = min(gap, (w.XMin-top[from].XMax)/mm)
					}
				}
				return gap
			}
			if gap := after("Số:"); gap < 12 || gap > 16 {
				t.Errorf("blank for the number is %.1f mm", gap)
			}
			for _, name := range []string{"ngày", "tháng"} {
				if gap := after(name); gap < 8 || gap > 12 {
					t.Errorf("blank after %s is %.1f mm", name, gap)
				}
			}
			last := words(t, file, names.page)
			var title, name word
			for _, w := range last {
				switch {
				case w.Text == names.title && w.XMin > 297:
					title = w
				case w.Text == names.name && w.XMin > 297 && title.Text != "" && name.Text == "":
					name = w
				}
			}
			if gap := (name.YMin - title.YMax) / mm; gap < 30 || gap > 36 {
				t.Errorf("place for the signature is %.1f mm high", gap)
			}
		})
	}
}

func words(t *testing.T, file, page string) []word {
	t.Helper()
	out, err := pdf(t, "pdftotext", "-bbox", "-f", page, "-l", page, Path(file), "-")
	if err != nil {
		t.Fatal(out)
	}
	var doc struct {
		Words []word `xml:"body>doc>page>word"`
	}
	if err := xml.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Words
}
