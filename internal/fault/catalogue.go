package fault

import (
	_ "embed"
	"encoding/json"
	"strings"
)

//go:embed messages.vi.json
var messagesVI []byte

//go:embed messages.en.json
var messagesEN []byte

// Catalogue turns codes into sentences. It is read-only after NewCatalogue and safe
// for concurrent use.
type Catalogue struct{ vi, en map[string]string }

// NewCatalogue reads the embedded sentences; an error means the build is broken.
func NewCatalogue() (*Catalogue, error) {
	c := &Catalogue{}
	if err := json.Unmarshal(messagesVI, &c.vi); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(messagesEN, &c.en); err != nil {
		return nil, err
	}
	return c, nil
}

// Text is the sentence of an error in language "vi" or "en" (anything else is vi).
// An unknown code gives the sentence of "internal", never the raw error.
func (c *Catalogue) Text(lang string, err error) string {
	e := From(err)
	m := c.vi
	if lang == "en" {
		m = c.en
	}
	s, ok := m[e.Code]
	if !ok {
		s = m["internal"]
	}
	for k, v := range e.Args {
		s = strings.ReplaceAll(s, "{"+k+"}", v)
	}
	return s
}

// Codes lists the codes of a language, for the tests that keep both in step.
func (c *Catalogue) Codes(lang string) []string {
	m := c.vi
	if lang == "en" {
		m = c.en
	}
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
