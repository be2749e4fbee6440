package edxml

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func original() Earlier {
	return Earlier{originalID, "145/SVD-VP", "2026/11/20", []string{"H99.05", "H99.21.03"}}
}

// What the builders make is what the golden messages are.
func TestLaterMessages(t *testing.T) {
	asNew := func(m *Message) *Message {
		m.MessageHeader.ResponseFor = nil
		b := &m.TraceHeaderList.Bussiness
		// A kind that named something else before: nothing of it may stay.
		*b = Bussiness{DocumentId: "junk", Paper: b.Paper, StaffInfo: b.StaffInfo}
		return m
	}
	for name, c := range map[string]struct {
		want  *Message
		build func(*Message)
	}{
		"recall": {recall(), func(m *Message) { m.Recall(original(), "Gửi nhầm phụ lục") }},
		"update": {withResponse(updateOf()), func(m *Message) {
			m.Update(original(), "Bổ sung nơi nhận", updateOf().TraceHeaderList.Bussiness.BussinessDocumentInfo)
		}},
		"replace": {replace(), func(m *Message) {
			m.Replace("Đính chính số liệu", original(), Earlier{DocumentId: "H99.14,2026/10/02,99/SVD-VP", Recipients: []string{"H99.05"}})
		}},
	} {
		got := asNew(c.want.clone())
		c.build(got)
		sameMessage(t, c.want, got)
		if err := got.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (m *Message) clone() *Message {
	c := *m
	c.MessageHeader.ResponseFor = slices.Clone(m.MessageHeader.ResponseFor)
	return &c
}

func withResponse(m *Message) *Message {
	m.MessageHeader.ResponseFor = []ResponseFor{{"H99.14", "145/SVD-VP", originalID, "2026/11/20"}}
	return m
}

func TestRecallRequest(t *testing.T) {
	want := statusOf(StatusRecallRequest, "Gửi nhầm phụ lục")
	got := RecallRequest(want.From, want.StaffInfo, original(), "Gửi nhầm phụ lục", want.Timestamp)
	if len(got) != 2 || got[1].ResponseFor.OrganId != "H99.21.03" {
		t.Fatalf("%+v", got)
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	for route, c := range map[RecallRoute][2]bool{
		RecallByDocument: {true, false}, RecallByStatus: {false, true}, RecallByBoth: {true, true},
	} {
		if route.ByDocument() != c[0] || route.ByStatus() != c[1] {
			t.Errorf("%s: document %v, status %v", route, route.ByDocument(), route.ByStatus())
		}
	}
}

func TestResolve(t *testing.T) {
	errStore := errors.New("store")
	const other, older = "H98.01,2026/11/01,1/MAU", "H99.14,2026/10/02,99/SVD-VP"
	plain := func(change func(*Message)) *Message {
		m := recall()
		m.TraceHeaderList.Bussiness.DocumentId, m.MessageHeader.ResponseFor = "", nil
		change(m)
		return m
	}
	for name, c := range map[string]struct {
		m     *Message
		known map[string][]string
		want  []string
		err   error
	}{
		"new":            {newMessage(), map[string][]string{originalID: {"H99.14"}}, nil, nil},
		"business id":    {recall(), map[string][]string{originalID: {"h99.14"}}, []string{originalID}, nil},
		"old code":       {recall(), map[string][]string{originalID: {"000.00.14.H99"}}, []string{originalID}, nil},
		"unknown":        {recall(), nil, nil, ErrNoTarget},
		"another's":      {recall(), map[string][]string{originalID: {"H98.01"}}, nil, ErrForeignTarget},
		"both had one":   {recall(), map[string][]string{originalID: {"H98.01", "H99.14"}}, []string{originalID}, nil},
		"store":          {recall(), map[string][]string{originalID: nil}, nil, errStore},
		"all replaced":   {replace(), map[string][]string{originalID: {"H99.14"}, older: {"H99.14"}}, []string{originalID, older}, nil},
		"some replaced":  {replace(), map[string][]string{older: {"H99.14"}}, []string{older}, nil},
		"replaced first": {func() *Message { m := replace(); m.TraceHeaderList.Bussiness.DocumentId = older; return m }(), map[string][]string{originalID: {"H99.14"}, older: {"H99.14"}}, []string{originalID, older}, nil},
		"response": {
			plain(func(m *Message) {
				m.MessageHeader.ResponseFor = []ResponseFor{{OrganId: "H98.01", DocumentId: other}, {OrganId: "H99.14", DocumentId: originalID}}
			}),
			map[string][]string{other: {"H98.01"}, originalID: {"H99.14"}},
			[]string{originalID},
			nil,
		},
		"own id": {
			plain(func(m *Message) { m.MessageHeader.DocumentId = originalID }),
			map[string][]string{originalID: {"H99.14"}},
			[]string{originalID},
			nil,
		},
		"earlier group wins": {
			plain(func(m *Message) {
				m.MessageHeader.DocumentId = originalID
				m.TraceHeaderList.Bussiness.DocumentId = older
			}),
			map[string][]string{originalID: {"H99.14"}, older: {"H99.14"}},
			[]string{older},
			nil,
		},
		"another's, then own": {
			plain(func(m *Message) {
				m.MessageHeader.DocumentId = originalID
				m.TraceHeaderList.Bussiness.DocumentId = other
			}),
			map[string][]string{originalID: {"H99.14"}, other: {"H98.01"}},
			nil, ErrForeignTarget,
		},
		"one of two another's": {replace(), map[string][]string{originalID: {"H99.14"}, older: {"H98.01"}}, nil, ErrForeignTarget},
	} {
		senders := func(_ context.Context, id string) ([]string, error) {
			from, ok := c.known[id]
			if ok && from == nil {
				return nil, errStore
			}
			return from, nil
		}
		same := func(_ context.Context, a, b string) (bool, error) {
			return strings.EqualFold(strings.Replace(a, "000.00.14.H99", "H99.14", 1), b), nil
		}
		got, err := c.m.Resolve(context.Background(), "H99.14", senders, same)
		if !errors.Is(err, c.err) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v, %v", name, got, err, c.want, c.err)
		}
	}
}
