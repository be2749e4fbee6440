package edxml

import "strings"

// DocumentID builds the customary identifier of a document on the axis:
// <OrganId>,<yyyy/MM/dd>,<number>/<notation>.
func DocumentID(organID string, issued Date, code Code) string {
	return organID + "," + string(issued) + "," + code.String()
}

// ParseDocumentID takes the customary form apart; false for any other form, which is
// legal: identifiers are opaque and compared whole.
func ParseDocumentID(id string) (organID string, issued Date, code string, ok bool) {
	parts := strings.SplitN(id, ",", 3)
	if len(parts) != 3 {
		return "", "", "", false
	}
	issued = ParseDate(strings.TrimSpace(parts[1]))
	if _, isDate := issued.Time(); !isDate {
		return "", "", "", false
	}
	return strings.TrimSpace(parts[0]), issued, strings.TrimSpace(parts[2]), true
}
