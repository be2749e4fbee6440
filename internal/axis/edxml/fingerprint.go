package edxml

import (
	"crypto/sha256"
	"fmt"
	"reflect"
)

// Fingerprint is a SHA-256 over what the message says: the elements of MessageHeader
// in table order, for a recall, update or replacement also what it is aimed at, and the
// hash of every attachment's own bytes. The way it took, its times, content ids, layout
// and zipping do not count, so a copy that a relay handed on has the fingerprint of the
// original. nfc brings text to Unicode normal form C (norm.NFC.String of
// golang.org/x/text): senders differ in it.
func (m *Message) Fingerprint(nfc func(string) string) Digest {
	h := sha256.New()
	add := func(place, value string) {
		fmt.Fprintf(h, "%s\x00%s\x00", place, value)
	}
	elements := func(v any, path string) {
		walk(reflect.ValueOf(v), path, path, func(_, place string, v reflect.Value) bool {
			if v.Kind() != reflect.String {
				return true
			}
			if text := plain(nfc(v.String())); text != "" {
				add(place, text)
			}
			return true
		})
	}
	elements(m.MessageHeader, hdr)
	if b := m.TraceHeaderList.Bussiness; b.BussinessDocType != DocNew && b.BussinessDocType != "" {
		// Who wrote it and why is not what it does.
		b.BussinessDocReason, b.Paper, b.StaffInfo = "", "", StaffInfo{}
		elements(b, bus)
	}
	for _, a := range m.Attachments {
		add(attachmentsPath, a.SHA256.String())
	}
	return Digest(h.Sum(nil))
}
