package edxml

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Errors of Resolve.
var (
	// ErrNoTarget: nothing the message speaks of was ever received.
	ErrNoTarget = errors.New("edxml: the earlier document is not known")
	// ErrForeignTarget: what it speaks of came from another sender, who alone may change it.
	ErrForeignTarget = errors.New("edxml: the earlier document is another sender's")
)

// Senders gives the agencies from which a document with this identifier was received;
// none if it is unknown.
type Senders func(ctx context.Context, documentID string) ([]string, error)

// SameAgency reports whether two identifiers are one agency's.
type SameAgency func(ctx context.Context, a, b string) (bool, error)

// Resolve finds the received documents that a recall, update or replacement is aimed at:
// the first group of Targets of which any was received at all. All of these must have come
// from sender, the agency that the axis authenticated; to name another's document is
// ErrForeignTarget, whatever else the message names. A nil slice without error means that m
// is a new document.
func (m *Message) Resolve(ctx context.Context, sender string, senders Senders, same SameAgency) ([]string, error) {
	groups := m.Targets()
	if groups == nil {
		return nil, nil
	}
	for _, group := range groups {
		var own []string
		for _, id := range group {
			from, err := senders(ctx, id)
			if err != nil {
				return nil, err
			}
			ours := false
			for _, f := range from {
				is, err := same(ctx, f, sender)
				if err != nil {
					return nil, err
				}
				ours = ours || is
			}
			if len(from) > 0 && !ours {
				return nil, ErrForeignTarget
			}
			if ours && !slices.Contains(own, id) {
				own = append(own, id)
			}
		}
		if own != nil {
			return own, nil
		}
	}
	return nil, ErrNoTarget
}

// Targets names the earlier documents that a recall, update or replacement speaks of, as
// groups in the order to try them: ReplacementInfo of a replacement, Bussiness/DocumentId,
// a ResponseFor of the sender itself, and the message's own DocumentId, which the
// operator's sample repeats. New documents have none.
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
