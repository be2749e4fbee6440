package edxml

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func sha(b []byte) Digest { return sha256.Sum256(b) }

// TestTablesCoverTheTypes: every element of the types has its row, in the same order.
func TestTablesCoverTheTypes(t *testing.T) {
	for _, c := range []struct {
		doc   any
		table []Field
	}{{Message{}, Fields()}, {Status{}, StatusFields()}} {
		var paths, rows []string
		schema(reflect.TypeOf(c.doc), "", &paths)
		for _, f := range c.table {
			if f.Source == "" || f.Kind == "" {
				t.Errorf("%s: no kind or source", f.Path)
			}
			rows = append(rows, f.Path)
		}
		paths = slices.DeleteFunc(paths, func(p string) bool {
			return slices.Contains([]string{"Size", "SHA256", "Sniffed", "Zipped", "Open"}, strings.TrimPrefix(p, "Attachments/"))
		})
		if !slices.Equal(paths, rows) {
			t.Errorf("types:\n%s\ntable:\n%s", strings.Join(paths, "\n"), strings.Join(rows, "\n"))
		}
	}
}

func schema(typ reflect.Type, path string, out *[]string) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		at, of := join(path, f.Name), f.Type
		*out = append(*out, at)
		if of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() == reflect.Struct {
			schema(of, at, out)
		}
	}
}

// random fills messages that the tables allow.
type random struct{ *rand.Rand }

func (r random) text(limit int) string {
	letters := []rune("aăâbcdđeêghiklmnoôơpqrstuưvxyÁÀẢÃẠẤẦẨẪẬĐỆỘỮ0123456789 <>&'\"/,.;:()-–\t\n\r]]>€😀")
	n := 1 + r.IntN(limit)
	out := make([]rune, n)
	for i := range out {
		out[i] = letters[r.IntN(len(letters))]
	}
	s := plain(string(out))
	if s == "" {
		return "x"
	}
	return s
}

func (r random) value(f Field) string {
	switch f.Kind {
	case KindOrganID:
		return fmt.Sprintf("H%02d.%02d.%02d", r.IntN(100), r.IntN(100), r.IntN(100))
	case KindDate:
		return fmt.Sprintf("20%02d/%02d/%02d", 10+r.IntN(15), 1+r.IntN(12), 1+r.IntN(28))
	case KindTimestamp:
		return fmt.Sprintf("2026/%02d/%02d %02d:%02d:%02d", 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
	case KindNumber:
		return string(NumberOf(f.Min + r.IntN(f.Max-f.Min+1)))
	case KindEmail:
		return fmt.Sprintf("vanthu%d@so-vidu.example", r.IntN(1000))
	}
	return r.text(f.Max)
}

func (r random) fill(v reflect.Value, path string, rules map[string]Field) {
	for i := range v.NumField() {
		f := v.Field(i)
		at := join(path, v.Type().Field(i).Name)
		rule, ok := rules[at]
		if !ok || !rule.Required && r.IntN(3) == 0 {
			continue
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString(r.value(rule))
		case reflect.Struct:
			r.fill(f, at, rules)
		case reflect.Slice:
			for range 1 + r.IntN(3) {
				e := reflect.New(f.Type().Elem()).Elem()
				if e.Kind() == reflect.String {
					e.SetString(r.value(rule))
				} else {
					r.fill(e, at, rules)
				}
				if !blank(e) {
					f.Set(reflect.Append(f, e))
				}
			}
		}
	}
}

func (r random) message() *Message {
	rules := map[string]Field{}
	for _, f := range Fields() {
		rules[f.Path] = f
	}
	m := &Message{}
	r.fill(reflect.ValueOf(m).Elem(), "", rules)
	for i := range m.MessageHeader.To {
		m.MessageHeader.To[i].OrganId += fmt.Sprintf(".%d", i)
	}
	b := &m.TraceHeaderList.Bussiness
	switch b.BussinessDocType {
	case DocRecall, DocUpdate:
		b.DocumentId = r.text(50)
	case DocReplace:
		b.ReplacementInfoList.ReplacementInfo = append(b.ReplacementInfoList.ReplacementInfo,
			ReplacementInfo{DocumentId: r.text(50)})
	}
	m.Attachments = nil
	for i, ext := range []string{".pdf", ".docx", ".xlsx", ".zip", ".odt", ""}[r.IntN(6):] {
		content := make([]byte, r.IntN(5000))
		for j := range content {
			content[j] = byte(r.Uint32())
		}
		m.Attachments = append(m.Attachments,
			attachment(fmt.Sprintf("id-%d", i), strings.TrimSpace("tệp "+strings.Trim(r.text(20), ".")+ext), "", string(content)))
	}
	return m
}

func TestWriteReadIsTheSameMessage(t *testing.T) {
	for seed := range uint64(200) {
		r := random{rand.New(rand.NewPCG(seed, 1))}
		m := r.message()
		d := SDK()
		if seed%2 == 1 {
			d = DotNet()
		}
		raw := write(t, m, d)
		sameMessage(t, m, read(t, raw).Message)
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, raw)
		}
	}
}
