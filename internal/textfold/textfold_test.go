package textfold_test

import (
	"math/rand"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/textfold"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"Ủy ban nhân dân thành phố Hà Nội", "uy ban nhan dan thanh pho ha noi"},
		{"ĐỀ ÁN đường sắt đô thị", "de an duong sat do thi"},
		{"Số: 05/QĐ-UBND", "so 05/qd-ubnd"},
		{"  Về\tviệc\u00a0“triển khai”,  lần 2. ", "ve viec trien khai lan 2"},
		{"Ðề án", "de an"},             // eth typed for Đ
		{"QĐ–UBND", "qd-ubnd"},         // en dash
		{"Công\u200b văn", "cong van"}, // zero-width space
		{"m²", "m2"},
		{"ﬁle Ｈà", "file ha"},
		{"a\xffb", "a b"},
		{"…", ""},
		{"ứng dụng NGHỊ QUYẾT ỡ ợ ặ ỹ", "ung dung nghi quyet o o a y"},
	} {
		if got := textfold.Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// Types that differ only by a tone or a stroke fold together, so that a search without
// tones lists both; the letters that tell QyĐ from QĐ stay.
func TestFoldNotations(t *testing.T) {
	same := [][2]string{{"HĐ", "HD"}, {"DA", "ĐA"}, {"QĐ", "qd"}, {"Đ", "D\u0335"}}
	for _, p := range same {
		if textfold.Fold(p[0]) != textfold.Fold(p[1]) {
			t.Errorf("%q and %q should be found together", p[0], p[1])
		}
	}
	if textfold.Fold("QyĐ") == textfold.Fold("QĐ") || textfold.Fold("TTr") == textfold.Fold("TrS") {
		t.Error("different letters folded together")
	}
}

func TestFormsAgree(t *testing.T) {
	for _, s := range []string{"Đ", "Ế", "Nghị quyết về đề án Ứng dụng", "Huỳnh Thị Ngọc Ượng", "ặ ậ ệ ộ ợ ự"} {
		nfc, nfd := norm.NFC.String(s), norm.NFD.String(s)
		if textfold.NFC(nfd) != nfc {
			t.Errorf("NFC(%q) not composed", s)
		}
		if textfold.Fold(nfc) != textfold.Fold(nfd) || textfold.Key(nfc) != textfold.Key(nfd) {
			t.Errorf("%q: composed and decomposed input differ", s)
		}
		if f := textfold.Fold(s); textfold.Fold(f) != f {
			t.Errorf("Fold is not idempotent on %q", s)
		}
	}
}

func TestKeyOrder(t *testing.T) {
	for name, want := range map[string][]string{
		"tones":               {"ma", "ma túy", "mà", "mả", "mã", "má", "mạ", "mai", "mài"},
		"letters":             {"an", "ăn", "ân", "bà", "cá", "da", "đa", "em", "êm", "go", "no", "nô", "nơ", "pa", "tu", "tư", "va", "xa", "ya"},
		"syllable":            {"bà chủ", "bá", "bá tước", "bạn"},
		"after all":           {"Ôz", "Ơa"},
		"quality before tone": {"lá", "lạc", "lắ", "lấ", "lấp"},
		"names":               {"An Khánh", "Ân Thi", "Ba Đình", "Bà Rịa", "Cầu Giấy", "Đống Đa", "Hà Đông", "Hà Nội", "Hoàn Kiếm", "Ô Chợ Dừa", "Ứng Hòa"},
		"numbers":             {"05/QĐ-UBND", "12/UBND-VX", "QĐ-UBND"},
	} {
		got := slices.Clone(want)
		rand.New(rand.NewSource(1)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		sort.SliceStable(got, func(i, j int) bool { return textfold.Key(got[i]) < textfold.Key(got[j]) })
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestKeyEqual(t *testing.T) {
	for _, p := range [][2]string{{"hoà", "hòa"}, {"THUỶ", "thủy"}, {"“Sở” Nội vụ", "sở nội vụ"}, {"ậ", "a\u0302\u0323"}, {"ợ", "o\u031b\u0323"}} {
		if a, b := textfold.Key(p[0]), textfold.Key(p[1]); a != b {
			t.Errorf("Key(%q)=%q, Key(%q)=%q", p[0], a, p[1], b)
		}
	}
	if textfold.Key("HĐ") == textfold.Key("HD") {
		t.Error("đ sorts as d")
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Đường Ứng Hòa", "\u0300\u0300", "a\xff\u200bb", "\u1ebe\u0323", "ﷺ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := textfold.Fold(s)
		if textfold.Fold(folded) != folded {
			t.Errorf("not idempotent: %q -> %q -> %q", s, folded, textfold.Fold(folded))
		}
		key := textfold.Key(s)
		if !utf8.ValidString(folded) || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
			t.Errorf("not storable: %q %q", folded, key)
		}
	})
}
