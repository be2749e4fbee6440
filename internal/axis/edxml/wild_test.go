package edxml

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// utf16Text is s with a byte order mark.
func utf16Text(s string, order binary.AppendByteOrder) string {
	b := order.AppendUint16(nil, 0xFEFF)
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// shaped is a message of foreign shape: root element with attributes, envelope, header,
// prefix of all elements.
func shaped(decl, root, namespace, prefix string) string {
	p, attribute := "", "xmlns"
	if prefix != "" {
		p, attribute = prefix+":", "xmlns:"+prefix
	}
	body := strings.NewReplacer("</", "</"+p, "<", "<"+p).Replace(
		`<edXMLHeader><MessageHeader><From><OrganId>H98.01</OrganId></From><To><OrganId>H99.05</OrganId></To>` +
			`<DocumentId>D1</DocumentId><Subject>Họp</Subject></MessageHeader></edXMLHeader>`)
	return decl + "<" + p + root + " " + attribute + `="` + namespace + `">` + body + "</" + p + root + ">"
}

// one is a message whose header holds extra besides sender, recipient, id and subject.
func one(extra string) string { return message(extra, "") }

func files(text string) string { return message("", text) }

const pdf64 = "JVBERi0xLjQK" // "%PDF-1.4\n"

// wild is what senders and attackers were seen to send, or might, and what becomes of it:
// "read", "read" with the note it leaves, or "refused" with the reason. docs/axis.md tells
// the same.
func wild() map[string]struct{ raw, want string } {
	decl := `<?xml version="1.0" encoding="UTF-8"?>`
	soap := decl + `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:e="http://www.e-doc.vn/Schema/"><s:Header><e:MessageHeader>` +
		`<e:From><e:OrganId>H98.01</e:OrganId></e:From><e:To><e:OrganId>H99.05</e:OrganId></e:To><e:DocumentId>D1</e:DocumentId><e:Subject>Họp</e:Subject>` +
		`</e:MessageHeader></s:Header><s:Body><e:Manifest><e:Reference><e:AttachmentName>a.pdf</e:AttachmentName></e:Reference></e:Manifest></s:Body></s:Envelope>`
	attrs := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, " a%d=''", i)
		}
		return b.String()
	}
	return map[string]struct{ raw, want string }{
		// Shape.
		"no prefix":                  {shaped(decl, "edXML", Namespace, ""), "read"},
		"any prefix":                 {shaped(decl, "edXML", Namespace, "ns2"), "read"},
		"prefix never declared":      {strings.ReplaceAll(one(""), "<Subject>x</Subject>", "<edXML:Subject>x</edXML:Subject>"), "read"},
		"another namespace":          {shaped(decl, "edXML", "http://example.com/other", "x"), "read"},
		"no namespace":               {shaped(decl, "edXML", "", ""), "read"},
		"e-doc.vn namespace":         {shaped(decl, "EdXMLEnvelope", "http://www.e-doc.vn/Schema/", "edXML"), "read"},
		"SOAP envelope of e-doc.vn":  {soap, "read: no-content"},
		"root edXMLEnvelope":         {shaped(decl, "edXMLEnvelope", Namespace, ""), "read"},
		"root of another name":       {shaped(decl, "VanBan", Namespace, ""), "refused: not-edxml"},
		"no declaration":             {shaped("", "edXML", Namespace, ""), "read"},
		"XML 1.1":                    {shaped(`<?xml version="1.1"?>`, "edXML", Namespace, ""), "refused: syntax"},
		"Business spelt right":       {strings.ReplaceAll(string(mustWrite(recall())), "Bussiness", "Business"), "read: recall"},
		"Business in both spellings": {strings.Replace(string(mustWrite(recall())), "<edXML:Bussiness>", "<edXML:Business><edXML:BusinessDocType>2</edXML:BusinessDocType></edXML:Business><edXML:Bussiness>", 1), "refused: ambiguous"},
		"old Business elements":      {strings.Replace(string(mustWrite(recall())), "<edXML:Bussiness>", "<edXML:Business><edXML:BusinessName>x</edXML:BusinessName></edXML:Business><edXML:Bussiness>", 1), "read: recall unknown"},
		"elements in any order":      {one(`<SteeringType>1</SteeringType><Code><CodeNotation>A</CodeNotation><CodeNumber>74fass22</CodeNumber></Code>`), "read"},
		"unknown elements":           {one(`<Direction>false</Direction>`), "read: unknown"},
		"empty unknown element":      {one(`<Direction/>`), "read: unknown"},
		"N/A and empty values":       {one(`<Content>N/A</Content><DueDate></DueDate><SignerInfo><FullName> n/a </FullName></SignerInfo>`), "read"},
		"date in no known form":      {one(`<DueDate>hôm qua</DueDate>`), "read: form"},
		"no DocumentId":              {strings.Replace(one(""), "<DocumentId>1</DocumentId>", "", 1), "read: missing"},
		"several recipients":         {one(`<To><OrganId>H99.06</OrganId></To><To><OrganId>H99.05</OrganId></To>`), "read"},
		"status of few elements":     {`<edXML><edXMLEnvelope><edXMLHeader><MessageHeader><StatusCode>1</StatusCode></MessageHeader></edXMLHeader></edXMLEnvelope></edXML>`, "read: missing"},
		// Characters.
		"byte order mark":             {"\xef\xbb\xbf" + one(""), "read"},
		"UTF-16 little-endian":        {utf16Text(one("<Content>Đỗ 😀</Content>"), binary.LittleEndian), "read"},
		"UTF-16 big-endian":           {utf16Text(strings.Replace(one(""), "UTF-8", "UTF-16", 1), binary.BigEndian), "read"},
		"UTF-16 half a character":     {utf16Text(one(""), binary.LittleEndian) + "x", "refused: encoding"},
		"UTF-16 broken surrogate":     {strings.Replace(utf16Text(one("<Content>ĐĐ</Content>"), binary.LittleEndian), "\x10\x01\x10\x01", "\x00\xd8\x10\x01", 1), "refused: encoding"},
		"UTF-16 without its mark":     {utf16Text(one(""), binary.LittleEndian)[2:], "refused: encoding"},
		"UTF-16 declared over UTF-8":  {strings.Replace(one(""), "UTF-8", "utf-16", 1), "read"},
		"windows-1258 declared":       {strings.Replace(one(""), "UTF-8", "windows-1258", 1), "refused: encoding"},
		"ISO-8859-1 declared":         {strings.Replace(one(""), "UTF-8", "ISO-8859-1", 1), "refused: encoding"},
		"invalid UTF-8":               {one("<Content>\xff</Content>"), "refused: syntax"},
		"control character":           {one("<Content>\x1b[2J</Content>"), "refused: syntax"},
		"control character reference": {one("<Content>&#27;</Content>"), "refused: syntax"},
		"NUL reference":               {one("<Content>&#0;</Content>"), "refused: syntax"},
		"stray text before":           {"1212\n" + one(""), "read: stray-text"},
		"much stray text before":      {strings.Repeat("1", 80) + one(""), "refused: not-edxml"},
		"trailing white space":        {one("") + "\r\n\r\n", "read"},
		"trailing text":               {one("") + "1212", "refused: syntax"},
		"trailing NUL":                {one("") + "\x00", "refused: syntax"},
		"cut off":                     {strings.TrimSuffix(one(""), "</edXML>"), "refused: syntax"},
		"CDATA and comments":          {one(`<Content><!-- x --><![CDATA[a <b> & c]]></Content>`), "read"},
		// Attacks.
		"entity expansion":           {`<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]>` + one("<Content>&y;</Content>"), "refused: forbidden"},
		"external DTD":               {`<!DOCTYPE edXML SYSTEM "http://127.0.0.1:1/x.dtd">` + shaped("", "edXML", Namespace, ""), "refused: forbidden"},
		"undeclared entity":          {one("<Content>&nbsp;</Content>"), "refused: syntax"},
		"XInclude":                   {one(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>`), "refused: forbidden"},
		"xml-stylesheet":             {`<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:1/x.xsl"?>` + shaped("", "edXML", Namespace, ""), "refused: forbidden"},
		"any other instruction":      {one("<?mso-application progid='x'?>"), "refused: forbidden"},
		"deep nesting":               {one(strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000)), "refused: too-large"},
		"a million attributes":       {one("<a" + attrs(1_000_000) + "/>"), "refused: too-large"},
		"thousands of attributes":    {one("<a" + attrs(10_000) + "/>"), "read: unknown"},
		"huge text":                  {one("<Content>" + strings.Repeat("x", 2<<20) + "</Content>"), "refused: too-large"},
		"huge text in pieces":        {one("<Content>" + strings.Repeat(strings.Repeat("x", 200<<10)+"<!-- -->", 100) + "</Content>"), "refused: too-large"},
		"huge comment":               {one("<!--" + strings.Repeat("x", 2<<20) + "-->"), "refused: too-large"},
		"a value twice alike":        {one(`<Subject>x</Subject>`), "read"},
		"a value twice otherwise":    {one(`<Subject>y</Subject>`), "refused: ambiguous"},
		"a value twice by case":      {one(`<SUBJECT>y</SUBJECT>`), "refused: ambiguous"},
		"a group twice":              {one(`<From><OrganId>H98.02</OrganId></From>`), "refused: ambiguous"},
		"two headers":                {strings.Replace(one(""), "</edXMLHeader>", "</edXMLHeader><edXMLHeader/>", 1), "refused: ambiguous"},
		"two MessageHeaders":         {strings.Replace(one(""), "</MessageHeader>", "</MessageHeader><MessageHeader/>", 1), "refused: ambiguous"},
		"two TraceHeaderLists":       {strings.Replace(one(""), "</MessageHeader>", "</MessageHeader><TraceHeaderList/><TraceHeaderList/>", 1), "refused: ambiguous"},
		"a message in the message":   {strings.Replace(one(""), "<AttachmentEncoded>", one("")[strings.Index(one(""), "<edXML "):]+"<AttachmentEncoded>", 1), "refused: ambiguous"},
		"a message in an attachment": {files(encodedFile("a.edxml", base64.StdEncoding.EncodeToString([]byte(one(""))))), "read"},
		"two AttachmentEncoded":      {strings.Replace(files(encodedFile("a.pdf", pdf64)), "</edXML>", "<AttachmentEncoded>"+encodedFile("b.pdf", pdf64)+"</AttachmentEncoded></edXML>", 1), "read: repeated"},
		// Attachments.
		"base64 in lines":             {files(encodedFile("a.pdf", "JVBE\r\n Ri0x\tLjQK\n")), "read"},
		"base64 without padding":      {files(encodedFile("a.pdf", "JVBERi0xLjQ")), "read"},
		"base64 in the URL alphabet":  {files(encodedFile("a.bin", "_-8=")), "read: base64-url"},
		"base64 in CDATA":             {files(encodedFile("a.pdf", "<![CDATA["+pdf64+"]]>")), "read"},
		"base64 with a foreign sign":  {files(encodedFile("a.pdf", "JVBE*i0x")), "refused: base64"},
		"base64 as a data address":    {files(encodedFile("a.pdf", "data:application/pdf;base64,"+pdf64)), "refused: base64"},
		"base64 after its end":        {files(encodedFile("a.pdf", "JVBERi0xLjQ=JVBE")), "refused: base64"},
		"empty attachment":            {files(encodedFile("a.txt", "")), "read"},
		"attachment without content":  {files("<Attachment><AttachmentName>a.txt</AttachmentName></Attachment>"), "read: no-content"},
		"attachment not in manifest":  {strings.Replace(files(encodedFile("a.pdf", pdf64)), "</edXMLHeader>", "</edXMLHeader><edXMLBody><edXMLManifest><Reference><AttachmentName>b.pdf</AttachmentName></Reference><Reference><AttachmentName>c.pdf</AttachmentName></Reference></edXMLManifest></edXMLBody>", 1), "read: no-reference no-content no-content"},
		"no manifest at all":          {files(encodedFile("a.pdf", pdf64)), "read"},
		"another type than its name":  {files(encodedFile("a.pdf", "UGxhaW4gdGV4dC4=")), "read: type"},
		"a program":                   {files(encodedFile("a.bin", base64.StdEncoding.EncodeToString([]byte("MZ\x90\x00\x03")))), "read: type"},
		"everything zipped":           {files(encodedFile("a.pdf", zipped("x.edxml", "%PDF-1.4\n"))), "read"},
		"declared a ZIP and none":     {files("<Attachment><AttachmentName>a.pdf</AttachmentName><ContentType>application/zip</ContentType><ContentTransferEncoded>" + pdf64 + "</ContentTransferEncoded></Attachment>"), "read: content-type"},
		"ZIP of several entries":      {files(encodedFile("a.pdf", zipped("../../x", "1", "y", "2"))), "read: zip-kept type"},
		"ZIP bomb":                    {files(encodedFile("a.pdf", bomb(40<<20))), "refused: zip"},
		"attachment name with a path": {files(encodedFile("../../etc/passwd", pdf64)), "read"},
	}
}

func mustWrite(m *Message) []byte {
	var b bytes.Buffer
	if err := Write(&b, m, SDK()); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// outcome is what became of a message, in the words of wild.
func outcome(env *Envelope, err error) string {
	var refused *Error
	if errors.As(err, &refused) {
		return "refused: " + string(refused.Code)
	}
	if err != nil {
		return err.Error()
	}
	var notes []string
	for _, n := range env.Notes {
		// Few of these messages are complete.
		if n.Code != NoteMissing || strings.HasSuffix(n.Path, "/DocumentId") || strings.HasPrefix(n.Path, "ResponseFor") {
			if n.Code != NoteMissing || !slices.Contains(notes, string(n.Code)) {
				notes = append(notes, string(n.Code))
			}
		}
	}
	if m := env.Message; m != nil && m.TraceHeaderList.Bussiness.BussinessDocType == DocRecall {
		notes = append(notes, "recall")
	}
	if len(env.Unknown) > 0 {
		notes = append(notes, "unknown")
	}
	if notes == nil {
		return "read"
	}
	return "read: " + strings.Join(notes, " ")
}

func TestWild(t *testing.T) {
	for name, c := range wild() {
		t.Run(name, func(t *testing.T) {
			if got := outcome(readWith(t, []byte(c.raw), Limits{})); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// What was read of the stranger ones is what was meant.
func TestWildContents(t *testing.T) {
	cases := wild()
	message := func(name string) *Message { return read(t, []byte(cases[name].raw)).Message }
	for name, want := range map[string]string{
		"base64 in lines": "%PDF-1.4\n", "base64 without padding": "%PDF-1.4", "base64 in the URL alphabet": "\xff\xef",
		"base64 in CDATA": "%PDF-1.4\n", "empty attachment": "", "everything zipped": "%PDF-1.4\n",
	} {
		if got := contents(t, message(name))[0]; got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, want := range map[string]string{
		"UTF-16 little-endian": "Đỗ 😀", "CDATA and comments": "a <b> & c", "N/A and empty values": "",
	} {
		if got := message(name).MessageHeader.Content; got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := message("SOAP envelope of e-doc.vn").MessageHeader.Subject; got != "Họp" {
		t.Errorf("SOAP: %q", got)
	}
	if got := message("Business spelt right").TraceHeaderList.Bussiness.DocumentId; got != originalID {
		t.Errorf("recall of %q", got)
	}
	if got := read(t, []byte(cases["status of few elements"].raw)).Status; got == nil || got.StatusCode != StatusArrived {
		t.Errorf("status %+v", got)
	}
	a := message("two AttachmentEncoded").Attachments
	if len(a) != 2 || a[0].AttachmentName != "a.pdf" || a[1].AttachmentName != "b.pdf" {
		t.Errorf("attachments %+v", a)
	}
	if m := message("everything zipped"); !m.Attachments[0].Zipped || m.Attachments[0].Sniffed != "application/pdf" {
		t.Errorf("%+v", m.Attachments[0])
	}
}

// docs/axis.md says what becomes of each.
func TestWildIsDocumented(t *testing.T) {
	b, err := os.ReadFile("../../../docs/axis.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "<!-- wild -->\n")
	text, _, _ = strings.Cut(text, "<!-- /wild -->")
	var want strings.Builder
	want.WriteString("| what comes | what becomes of it |\n|---|---|\n")
	cases := wild()
	names := make([]string, 0, len(cases))
	for name := range cases {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(cases[a].want+a, cases[b].want+b) })
	for _, name := range names {
		fmt.Fprintf(&want, "| %s | %s |\n", name, cases[name].want)
	}
	if text != want.String() {
		if *update && text != "" {
			if err := os.WriteFile("../../../docs/axis.md", []byte(strings.Replace(string(b), text, want.String(), 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("docs/axis.md: run the test with -update for\n%s", want.String())
	}
}

func TestSniff(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"a.pdf": {"\n%PDF-1.7", "application/pdf"}, "a.doc": {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", typeOLE},
		"a.docx": {unzippedText(zipped("[Content_Types].xml", "", "word/document.xml", "")), typeDOCX},
		"a.xlsx": {unzippedText(zipped("[Content_Types].xml", "", "xl/workbook.xml", "")), typeXLSX},
		"a.zip":  {unzippedText(zipped("word/document.xml", "", "b", "")), zipType},
		"a.odt":  {"PK\x03\x04" + strings.Repeat("\x00", 26) + "mimetypeapplication/vnd.oasis.opendocument.textPK", "application/vnd.oasis.opendocument.text"},
		"a.txt":  {"Kính gửi: Sở Nội vụ", "text/plain"}, "b.txt": {"\x00\x01", typeUnknown}, "a.xml": {"<?xml version='1.0'?><a/>", typeXML},
		"a.html": {" <!DOCTYPE html><p>", typeHTML}, "a.exe": {"MZ\x90", typeExecutable}, "a.png": {"\x89PNG\r\n\x1a\n", "image/png"},
		"cut.txt": {strings.Repeat("x", 1023) + "ữ", "text/plain"}, "e.txt": {"", typeEmpty},
	} {
		env := read(t, []byte(files(encodedFile(name, base64.StdEncoding.EncodeToString([]byte(c.content))))))
		if got := env.Message.Attachments[0].Sniffed; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestFieldsAreDocumented: docs/axis.md shows the field table of the code.
func TestFieldsAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../../../docs/axis.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "<!-- fields -->\n")
	text, _, _ = strings.Cut(text, "<!-- /fields -->")
	var want strings.Builder
	want.WriteString("| element | kind | most | required | source |\n|---|---|---|---|---|\n")
	row := func(prefix string, f Field) {
		most, required := "", ""
		if f.Max > 0 {
			most = fmt.Sprint(f.Max)
		}
		if f.Kind == KindNumber {
			most = fmt.Sprintf("%d–%d", f.Min, f.Max)
		}
		if f.Required {
			required = "yes"
		}
		fmt.Fprintf(&want, "| `%s%s` | %s | %s | %s | %s |\n", prefix, f.Path, f.Kind, most, required, f.Source)
	}
	for _, f := range Fields() {
		row("", f)
	}
	for _, f := range StatusFields() {
		row("status: ", f)
	}
	if text != want.String() {
		if *update && text != "" {
			if err := os.WriteFile("../../../docs/axis.md", []byte(strings.Replace(string(b), text, want.String(), 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Error("docs/axis.md does not show the field table of the code: run the test with -update")
	}
}
