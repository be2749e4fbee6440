package edxml

import (
	"fmt"
	"net/mail"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Rule names what a field breaks.
type Rule string

// Rules of FieldError.
const (
	RuleRequired   Rule = "required"
	RuleLength     Rule = "length"
	RuleFormat     Rule = "format"
	RuleRange      Rule = "range"
	RuleCharacters Rule = "characters" // a character XML cannot carry
	RuleDuplicate  Rule = "duplicate"
	RuleFuture     Rule = "future"
)

// FieldError is one field that keeps a message from being sent.
type FieldError struct {
	Path  string // with 1-based positions, e.g. MessageHeader/To[2]/OrganId
	Rule  Rule
	Limit int // RuleLength: the most characters; RuleRange: the greatest value
}

func (e *FieldError) Error() string {
	switch e.Rule {
	case RuleRequired:
		return e.Path + ": must be given"
	case RuleLength:
		return fmt.Sprintf("%s: longer than %d characters", e.Path, e.Limit)
	case RuleRange:
		return fmt.Sprintf("%s: not in the range up to %d", e.Path, e.Limit)
	case RuleCharacters:
		return e.Path + ": holds a control character"
	case RuleDuplicate:
		return e.Path + ": given twice"
	case RuleFuture:
		return e.Path + ": later than the time of sending"
	}
	return e.Path + ": not of the right form"
}

// FieldErrors is every field that keeps a message from being sent.
type FieldErrors []*FieldError

func (e FieldErrors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return "edxml: " + strings.Join(lines, "; ")
}

// Check holds the message against Fields before it is sent; the error is FieldErrors.
func (m *Message) Check() error {
	c := checkTable(m, messageFields)
	h, b := &m.MessageHeader, &m.TraceHeaderList.Bussiness

	seen := map[string]bool{}
	for i, to := range h.To {
		id := strings.ToLower(to.OrganId)
		if id != "" && seen[id] {
			c.add(fmt.Sprintf("%s/To[%d]/OrganId", hdr, i+1), RuleDuplicate, 0)
		}
		seen[id] = true
	}
	ids := map[string]bool{}
	for i, a := range m.Attachments {
		if a.ContentId != "" && ids[a.ContentId] {
			c.add(fmt.Sprintf("%s[%d]/ContentId", attachmentsPath, i+1), RuleDuplicate, 0)
		}
		ids[a.ContentId] = true
		if a.Open == nil {
			c.add(fmt.Sprintf("%s[%d]/Open", attachmentsPath, i+1), RuleRequired, 0)
		}
	}
	// Wire dates compare as text; hubs refuse a document issued after it was sent.
	if t := m.TraceHeaderList.TraceHeader; len(t) > 0 {
		sent := string(t[len(t)-1].Timestamp)
		if d := string(h.PromulgationInfo.PromulgationDate); len(sent) > len(d) && d > sent[:len(d)] {
			c.add(hdr+"/PromulgationInfo/PromulgationDate", RuleFuture, 0)
		}
	}
	switch b.BussinessDocType {
	case DocRecall, DocUpdate:
		if b.DocumentId == "" {
			c.add(bus+"/DocumentId", RuleRequired, 0)
		}
	case DocReplace:
		if len(b.ReplacementInfoList.ReplacementInfo) == 0 {
			c.add(bus+"/ReplacementInfoList/ReplacementInfo", RuleRequired, 0)
		}
	}
	return c.err()
}

// Check holds the status against StatusFields before it is sent; the error is
// FieldErrors.
func (s *Status) Check() error {
	c := checkTable(s, statusFields)
	if len(s.StatusCode) != 2 && s.StatusCode != "" {
		c.add("StatusCode", RuleFormat, 0)
	}
	return c.err()
}

type checker struct{ found FieldErrors }

func (c *checker) add(path string, rule Rule, limit int) {
	c.found = append(c.found, &FieldError{path, rule, limit})
}

func (c *checker) err() error {
	if len(c.found) == 0 {
		return nil
	}
	return c.found
}

func checkTable(doc any, table []Field) *checker {
	rules := make(map[string]Field, len(table))
	for _, f := range table {
		rules[f.Path] = f
	}
	c := &checker{}
	walk(reflect.ValueOf(doc).Elem(), "", "", func(path, place string, v reflect.Value) bool {
		rule, ok := rules[path]
		switch {
		case !ok:
			return false // no element of the wire: Size, SHA256, Open
		case blank(v):
			// A required group that is blank shows which of its fields are missing.
			if rule.Required && v.Kind() != reflect.Struct {
				c.add(place, RuleRequired, 0)
			}
			return rule.Required
		case v.Kind() == reflect.String:
			c.value(rule, place, v.String())
		}
		return true
	})
	return c
}

func (c *checker) value(rule Field, place, s string) {
	ok := true
	switch rule.Kind {
	case KindOrganID:
		ok = organID.MatchString(s)
	case KindDate:
		_, ok = Date(s).Time()
	case KindTimestamp:
		_, ok = Timestamp(s).Time()
	case KindEmail:
		_, err := mail.ParseAddress(s)
		ok = err == nil
	case KindNumber:
		n, isNumber := Number(s).Int()
		if ok = isNumber; ok && (n < rule.Min || n > rule.Max) {
			c.add(place, RuleRange, rule.Max)
		}
		rule.Max = 0
	}
	if !ok {
		c.add(place, RuleFormat, 0)
	}
	if rule.Max > 0 && utf8.RuneCountInString(s) > rule.Max {
		c.add(place, RuleLength, rule.Max)
	}
	if !writable(s) {
		c.add(place, RuleCharacters, 0)
	}
}

// writable reports whether XML 1.0 can carry every character of s.
func writable(s string) bool {
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return utf8.ValidString(s)
}

// walk visits every element of the struct v in wire order: path names it in the tables,
// place shows its position too. Repeated elements are visited one by one, an empty list
// once as itself. visit returns whether to go below.
func walk(v reflect.Value, path, place string, visit func(path, place string, v reflect.Value) bool) {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		path, place := join(path, name), join(place, name)
		if f.Kind() != reflect.Slice || f.Len() == 0 {
			if visit(path, place, f) && f.Kind() == reflect.Struct {
				walk(f, path, place, visit)
			}
			continue
		}
		for j := range f.Len() {
			at, e := fmt.Sprintf("%s[%d]", place, j+1), f.Index(j)
			if visit(path, at, e) && e.Kind() == reflect.Struct {
				walk(e, path, at, visit)
			}
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// blank reports whether an element would be written empty: no text anywhere in it.
func blank(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !blank(v.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		for i := range v.Len() {
			if !blank(v.Index(i)) {
				return false
			}
		}
		return true
	}
	return v.IsZero()
}
