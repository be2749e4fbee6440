package edxml

import (
	"reflect"

	"congvan/internal/document"
)

// Fingerprint is the content hash of what the message says (document.ContentHash): the
// elements of MessageHeader but its recipients, in table order; for a recall, update or
// replacement also what it is aimed at; and the hash of every attachment's own bytes. The
// way it took, its times, content ids, layout and zipping do not count, so a copy that a
// relay handed on, or a second one to fewer recipients, has the fingerprint of the
// original.
func (m *Message) Fingerprint() string {
	var h document.ContentHash
	elements := func(v any, path string) {
		walk(reflect.ValueOf(v), path, path, func(path, _ string, v reflect.Value) bool {
			if v.Kind() == reflect.String {
				h.Field(path, v.String())
			}
			return path != hdr+"/To"
		})
	}
	elements(m.MessageHeader, hdr)
	if b := m.TraceHeaderList.Bussiness; b.BussinessDocType != DocNew && b.BussinessDocType != "" {
		// Who wrote it and why is not what it does.
		b.BussinessDocReason, b.Paper, b.StaffInfo = "", "", StaffInfo{}
		elements(b, bus)
	}
	for _, a := range m.Attachments {
		h.File(a.SHA256.String())
	}
	return h.Sum()
}
