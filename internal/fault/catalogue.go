package fault

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
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
	key := e.Code
	if _, ok := c.words(lang)[key]; !ok {
		key = "internal"
	}
	return c.Say(lang, key, e.Args)
}

// Say is the sentence or word of a key with its values filled in; a key that is not there
// comes back as it is. A value that stands for a word ("SIGNED" as {state}, "who_clerk" as
// {who}) becomes that word, several of them joined by ", " too; a day is written as
// dd/mm/yyyy. A sentence whose last value is empty ends before it.
func (c *Catalogue) Say(lang, key string, args map[string]string) string {
	m := c.words(lang)
	s, ok := m[key]
	if !ok {
		return key
	}
	pairs := make([]string, 0, 2*len(args))
	for k, v := range args {
		pairs = append(pairs, "{"+k+"}", word(m, k, v))
	}
	return strings.TrimRight(strings.NewReplacer(pairs...).Replace(s), " :")
}

// Has tells whether the catalogue has a key.
func (c *Catalogue) Has(key string) bool {
	_, ok := c.vi[key]
	return ok
}

func (c *Catalogue) words(lang string) map[string]string {
	if lang == "en" {
		return c.en
	}
	return c.vi
}

// prefixes tells under which keys the values of an argument have words.
var prefixes = map[string][]string{
	"who": {""}, "state": {"state_", "delivery_", "change_"}, "action": {"act_"}, "last": {"act_"}, "verdict": {"verdict_"},
	"kind": {"kind_"}, "outcome": {"change_"}, "places": {"place_"}, "finding": {"finding_"}, "cause": {""},
}

func word(m map[string]string, arg, value string) string {
	if strings.HasSuffix(arg, "_date") {
		if d, err := time.Parse(time.DateOnly, value); err == nil {
			return d.Format("02/01/2006")
		}
	}
	if len(prefixes[arg]) == 0 {
		return value
	}
	parts := strings.Split(value, ", ")
	for i, p := range parts {
		for _, prefix := range prefixes[arg] {
			if w, ok := m[prefix+p]; ok {
				parts[i] = w
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}

// Codes lists the keys of a language in order, for the tests that keep both in step.
func (c *Catalogue) Codes(lang string) []string {
	return slices.Sorted(maps.Keys(c.words(lang)))
}
