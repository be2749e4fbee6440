package edxml

import (
	"errors"
	"io"
)

// Relay hands a received message on: its bytes as they came, with one TraceHeader added
// after the last. traceEnd is Envelope.TraceEnd of the same bytes.
func Relay(w io.Writer, raw io.Reader, traceEnd int64, t TraceHeader, d Dialect) error {
	if traceEnd <= 0 {
		return errors.New("edxml: the message has no TraceHeader to follow")
	}
	if _, err := io.CopyN(w, raw, traceEnd); err != nil {
		return err
	}
	x := &writer{d: d}
	open, end := "<"+x.name("TraceHeader")+" "+x.declaration()+">", "</"+x.name("TraceHeader")+">"
	leaf := func(name, text string) string {
		return "<" + x.name(name) + ">" + escaper.Replace(text) + "</" + x.name(name) + ">"
	}
	added := open + leaf("OrganId", t.OrganId) + leaf("Timestamp", string(t.Timestamp)) + end
	if _, err := io.WriteString(w, added); err != nil {
		return err
	}
	_, err := io.Copy(w, raw)
	return err
}
