package edxml

import (
	"slices"
	"strings"
)

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

// Targets names the earlier documents that a recall, update or replacement speaks of,
// as groups in the order to try them: the first group of which the receiver knows any
// document from the same sender is meant. A document of another sender is never a
// target. New documents have none.
func (m *Message) Targets() [][]string {
	b := &m.TraceHeaderList.Bussiness
	if b.BussinessDocType == DocNew || b.BussinessDocType == "" {
		return nil
	}
	var groups [][]string
	add := func(ids ...string) {
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
		if len(ids) > 0 {
			groups = append(groups, ids)
		}
	}
	if b.BussinessDocType == DocReplace {
		var replaced []string
		for _, r := range b.ReplacementInfoList.ReplacementInfo {
			replaced = append(replaced, r.DocumentId)
		}
		add(replaced...)
	}
	add(b.DocumentId)
	for _, r := range m.MessageHeader.ResponseFor {
		if strings.EqualFold(r.OrganId, m.MessageHeader.From.OrganId) {
			add(r.DocumentId)
		}
	}
	add(m.MessageHeader.DocumentId)
	return groups
}
