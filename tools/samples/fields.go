package main

import (
	"bytes"
	"fmt"
	"strings"
)

// addFields puts form controls where a flat ODT shows a dotted line or an
// empty box; LibreOffice exports them to PDF as an AcroForm. (LibreOffice 7.4
// does not export the content controls of a DOCX.)
func addFields(odt []byte) ([]byte, error) {
	const start = "<office:text>"
	if !bytes.Contains(odt, []byte(start)) {
		return nil, fmt.Errorf("not a flat ODT text")
	}
	// One field is filled in: flattening must keep what it shows.
	values := map[string]string{"Truong4": ` form:current-value="0900 000 000"`}
	var controls strings.Builder
	place := func(text, mark, element, name, size string) string {
		for i := 1; strings.Contains(text, mark); i++ {
			id := fmt.Sprintf("%s%d", name, i)
			fmt.Fprintf(&controls, `<form:%s form:name="%s" form:id="%s" xml:id="%s"%s><form:properties/></form:%s>`, element, id, id, id, values[id], element)
			text = strings.Replace(text, mark,
				fmt.Sprintf(`<draw:control text:anchor-type="as-char" svg:y="-0.45cm" %s draw:control="%s"/>`, size, id), 1)
		}
		return text
	}
	text := place(string(odt), blank, "text", "Truong", `svg:width="8.5cm" svg:height="0.62cm"`)
	text = place(text, "☐", "checkbox", "Chon", `svg:width="0.45cm" svg:height="0.45cm"`)
	if controls.Len() == 0 {
		return nil, fmt.Errorf("the text has no line or box to fill in")
	}
	return []byte(strings.Replace(text, start, start+
		`<office:forms form:automatic-focus="false"><form:form form:name="BieuMau">`+controls.String()+`</form:form></office:forms>`, 1)), nil
}
