package journal_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"congvan/internal/fault"
	"congvan/internal/journal"
)

func sample() journal.Entry {
	return journal.Entry{
		At:          time.Date(2026, 11, 21, 8, 30, 45, 123456789, time.FixedZone("", 7*3600)),
		Actor:       journal.Actor{AccountID: "acc-1", Name: "Nguyễn Văn Mẫu"},
		OnBehalfOf:  "person-2",
		Position:    "pos-1",
		Agency:      "agency-1",
		Action:      "sign",
		ObjectKind:  "document",
		ObjectID:    "doc-1",
		VersionHash: strings.Repeat("ab", 32),
		Detail:      map[string]string{"authority": "KT", "reason": "Đúng thể thức"},
	}
}

func mustAppend(t testing.TB, head journal.Head, e journal.Entry) journal.Entry {
	t.Helper()
	e, err := journal.Append(head, e)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The layout is a promise to every journal already written: this hash never changes. It
// was computed by a program of its own (Python's struct and hashlib) from the layout that
// Canonical documents.
func TestCanonicalIsStable(t *testing.T) {
	e := mustAppend(t, journal.Head{}, sample())
	const want = "d44a844eee9a040e7058970f238479a2f64333efc2c9348ed9301a0bdff039db"
	if e.Hash.String() != want {
		t.Errorf("hash %s, want %s", e.Hash, want)
	}
}

// Every field counts, and no two fields can trade bytes.
func TestEveryFieldIsHashed(t *testing.T) {
	base := mustAppend(t, journal.Head{}, sample())
	seen := map[journal.Hash]string{base.Hash: "unchanged"}
	for name, change := range map[string]func(*journal.Entry){
		"seq":          func(e *journal.Entry) { e.Seq++ },
		"at":           func(e *journal.Entry) { e.At = e.At.Add(time.Microsecond) },
		"account":      func(e *journal.Entry) { e.Actor.AccountID += "x" },
		"name":         func(e *journal.Entry) { e.Actor.Name = "Nguyễn Văn Mâu" },
		"account→name": func(e *journal.Entry) { e.Actor = journal.Actor{AccountID: "acc-1N", Name: e.Actor.Name[1:]} },
		"on behalf of": func(e *journal.Entry) { e.OnBehalfOf = "" },
		"position":     func(e *journal.Entry) { e.Position = "pos-2" },
		"agency":       func(e *journal.Entry) { e.Agency = "agency-2" },
		"action":       func(e *journal.Entry) { e.Action = "seal" },
		"object kind":  func(e *journal.Entry) { e.ObjectKind = "book" },
		"object id":    func(e *journal.Entry) { e.ObjectID = "doc-2" },
		"version":      func(e *journal.Entry) { e.VersionHash = "" },
		"detail value": func(e *journal.Entry) {
			e.Detail = map[string]string{"authority": "TM", "reason": "Đúng thể thức"}
		},
		"detail gone":   func(e *journal.Entry) { e.Detail = nil },
		"detail joined": func(e *journal.Entry) { e.Detail = map[string]string{"authority": "KTreasonĐúng thể thức"} },
	} {
		e := base
		change(&e)
		h := journal.Chain(e.Prev, e)
		if other, ok := seen[h]; ok {
			t.Errorf("%q has the hash of %q", name, other)
		}
		seen[h] = name
	}
	if journal.Chain(journal.Hash{1}, base) == base.Hash {
		t.Error("the predecessor is not hashed")
	}
}

// A database gives the same instant in another zone and a nil map as an empty one.
func TestCanonicalIgnoresForm(t *testing.T) {
	a := mustAppend(t, journal.Head{}, sample())
	b := a
	b.At = b.At.In(time.FixedZone("", -5*3600))
	if journal.Chain(b.Prev, b) != a.Hash {
		t.Error("the zone counts")
	}
	a.Detail, b.Detail = nil, map[string]string{}
	if journal.Chain(a.Prev, a) != journal.Chain(b.Prev, b) {
		t.Error("nil and empty detail differ")
	}
}

func TestEntryJSON(t *testing.T) {
	e := mustAppend(t, journal.Head{}, sample())
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var back journal.Entry
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, e) || journal.Chain(back.Prev, back) != e.Hash {
		t.Errorf("%+v\n%+v", back, e)
	}
	for _, bad := range []string{"", "ab", strings.Repeat("AB", 32), strings.Repeat("zz", 32)} {
		if _, err := journal.ParseHash(bad); err == nil {
			t.Errorf("ParseHash(%q)", bad)
		}
	}
}

func TestAppend(t *testing.T) {
	first := mustAppend(t, journal.Head{}, sample())
	second := mustAppend(t, first.Head(), sample())
	if first.Seq != 1 || second.Seq != 2 || second.Prev != first.Hash || first.Prev != (journal.Hash{}) || second.Hash == first.Hash {
		t.Errorf("%+v\n%+v", first, second)
	}
	if first.At.Nanosecond() != 123456000 || first.At.Location() != time.UTC {
		t.Errorf("time %v", first.At)
	}
	many := map[string]string{}
	for i := range journal.MaxDetail + 1 {
		many[strings.Repeat("k", i+1)] = ""
	}
	for name, change := range map[string]func(*journal.Entry){
		"no time":     func(e *journal.Entry) { e.At = time.Time{} },
		"no action":   func(e *journal.Entry) { e.Action = "" },
		"NUL":         func(e *journal.Entry) { e.ObjectID = "a\x00" },
		"not UTF-8":   func(e *journal.Entry) { e.Actor.Name = "\xff" },
		"long":        func(e *journal.Entry) { e.Position = strings.Repeat("x", journal.MaxField+1) },
		"NUL detail":  func(e *journal.Entry) { e.Detail = map[string]string{"a": "\x00"} },
		"empty key":   func(e *journal.Entry) { e.Detail = map[string]string{"": "x"} },
		"many detail": func(e *journal.Entry) { e.Detail = many },
	} {
		e := sample()
		change(&e)
		if got, err := journal.Append(journal.Head{}, e); !fault.Is(err, "journal_entry_invalid") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
