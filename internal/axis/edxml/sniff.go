package edxml

import (
	"archive/zip"
	"bytes"
	"strings"
	"unicode/utf8"
)

// Media types that sniff tells apart.
const (
	typePDF        = "application/pdf"
	typeOLE        = "application/x-ole-storage" // .doc, .xls, .ppt, .msg
	typeDOCX       = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	typeXLSX       = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	typePPTX       = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	typeODF        = "application/vnd.oasis.opendocument"
	typeRTF        = "application/rtf"
	typeExecutable = "application/x-executable"
	typeEmpty      = "application/x-empty"
	typeText       = "text/plain"
	typeXML        = "application/xml"
	typeHTML       = "text/html"
	typeUnknown    = "application/octet-stream"
)

// magics are the first bytes of types; the first that fits wins.
var magics = []struct{ magic, mediaType string }{
	{"PK\x03\x04", zipType},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", typeOLE},
	{`{\rtf`, typeRTF},
	{"\x89PNG\r\n\x1a\n", "image/png"},
	{"\xff\xd8\xff", "image/jpeg"},
	{"GIF8", "image/gif"},
	{"II*\x00", "image/tiff"},
	{"MM\x00*", "image/tiff"},
	{"Rar!\x1a\x07", "application/vnd.rar"},
	{"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"},
	{"MZ", typeExecutable},
	{"\x7fELF", typeExecutable},
	{"#!", typeExecutable},
}

// byName is what the bytes of a name's type must be; other names promise nothing.
var byName = map[string]string{
	".pdf": typePDF, ".doc": typeOLE, ".xls": typeOLE, ".ppt": typeOLE, ".docx": typeDOCX, ".xlsx": typeXLSX,
	".pptx": typePPTX, ".odt": typeODF + ".text", ".ods": typeODF + ".spreadsheet", ".rtf": typeRTF, ".zip": zipType,
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".tif": "image/tiff",
	".tiff": "image/tiff", ".rar": "application/vnd.rar", ".7z": "application/x-7z-compressed",
}

// unlike reports whether a file's name promises another type than its bytes are, or the
// bytes are those of a program.
func unlike(name, sniffed string) bool {
	promised, ok := byName[extension(name)]
	return ok && promised != sniffed || sniffed == typeExecutable
}

// sniff tells the media type by the bytes alone, never by name or declaration.
func (c *received) sniff() string {
	if c.size == 0 {
		return typeEmpty
	}
	head := make([]byte, min(c.size, 1024))
	n, _ := c.file.ReadAt(head, 0)
	head = head[:n]
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			if m.mediaType == zipType {
				return c.packageType(head)
			}
			return m.mediaType
		}
	}
	// Readers of PDF take the mark anywhere in the first kilobyte (ISO 32000-2 Annex I).
	if bytes.Contains(head, []byte("%PDF-")) {
		return typePDF
	}
	return textType(head)
}

func textType(head []byte) string {
	// The head may end within a character.
	for i := 0; i < utf8.UTFMax && !utf8.Valid(head) && len(head) > 0; i++ {
		head = head[:len(head)-1]
	}
	if !utf8.Valid(head) || bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n\f", r) }) {
		return typeUnknown
	}
	text := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(string(head), "\ufeff")))
	switch {
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return typeHTML
	case strings.HasPrefix(text, "<?xml"):
		return typeXML
	}
	return typeText
}

// packageType tells the office packages, which are ZIPs, from other ZIPs.
func (c *received) packageType(head []byte) string {
	// The first entry of an OpenDocument file is its media type, stored as it is.
	if i := bytes.Index(head, []byte("mimetype"+typeODF)); i == 30 {
		kind := head[i+len("mimetype"):]
		if end := bytes.IndexFunc(kind, func(r rune) bool { return (r < 'a' || r > 'z') && !strings.ContainsRune("./-", r) }); end >= 0 {
			return string(kind[:end])
		}
	}
	archive, err := zip.NewReader(&budgetReader{r: c.file, left: maxDirectory}, c.size)
	if err != nil {
		return zipType
	}
	found := zipType
	types := false
	for _, e := range archive.File {
		folder, _, _ := strings.Cut(e.Name, "/")
		switch {
		case e.Name == "[Content_Types].xml":
			types = true
		case folder == "word":
			found = typeDOCX
		case folder == "xl":
			found = typeXLSX
		case folder == "ppt":
			found = typePPTX
		}
	}
	if !types {
		return zipType
	}
	return found
}
