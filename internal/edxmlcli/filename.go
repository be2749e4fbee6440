package edxmlcli

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// names gives the files of one message names of their own that are safe on any system.
type names struct {
	n    int
	used map[string]bool // folded
}

func newNames() *names { return &names{used: map[string]bool{}} }

// next is the name for the next file; raw is what the message calls it.
func (x *names) next(raw string) string {
	x.n++
	name := SafeName(raw)
	if name == "" {
		name = fmt.Sprintf("tep-%d", x.n)
	}
	try := name
	for i := 2; x.used[folded(try)]; i++ {
		try = numbered(name, i)
	}
	x.used[folded(try)] = true
	return try
}

// folded is a name as a file system that ignores case sees it.
func folded(name string) string { return strings.ToLower(norm.NFKC.String(name)) }

// numbered is "name (2).ext".
func numbered(name string, i int) string {
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), i, ext)
}

// maxName is the longest file name in bytes; file systems take 255, and a number may follow.
const maxName = 200

// SafeName makes a file name of a foreign word: what follows the last slash or backslash,
// in normal form C, without characters that steer a terminal or hide its true end, that a
// file system gives a meaning to, or that make the name one of a device. Empty if nothing
// is left.
func SafeName(raw string) string {
	s := norm.NFC.String(strings.ToValidUTF8(raw, "_"))
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	s = norm.NFC.String(strings.Map(safeRune, s)) // marks that something stood between meet only now
	s = strings.Join(strings.Fields(s), " ")
	s = strings.TrimRight(strings.TrimLeft(s, ". "), ". ")
	if s == "" {
		return ""
	}
	if strings.HasPrefix(s, "-") || isDevice(s) {
		s = "_" + s
	}
	return shortened(s)
}

func safeRune(r rune) rune {
	switch {
	case unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp), r == '\t', r == '\n', r == '\r':
		return ' '
	case !unicode.IsPrint(r): // controls, direction marks, zero widths, private use
		return -1
	case strings.ContainsRune("<>:\"|?*\u2044\u2215\uff0f\uff3c", r):
		return '_'
	}
	return r
}

// isDevice tells the names that stand for devices on Windows, whatever their extension.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(norm.NFKC.String(name)), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")) && unicode.IsDigit(rune(base[3]))
}

// shortened cuts a name to maxName bytes before its extension, never within a character.
func shortened(s string) string {
	if len(s) <= maxName {
		return s
	}
	ext := filepath.Ext(s)
	if len(ext) > 20 {
		ext = ""
	}
	base := s[:maxName-len(ext)]
	for !utf8.ValidString(base) {
		base = base[:len(base)-1]
	}
	return strings.TrimRight(base, ". ") + ext
}
