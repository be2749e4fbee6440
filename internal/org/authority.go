package org

import (
	"slices"
	"strings"
	"time"

	"congvan/internal/fault"
	"congvan/internal/textfold"
)

// AuthorityKind is the mark before the signer's title (quyền hạn ký, NĐ 30/2020 Đ.13 and
// Phụ lục I mục II.7).
type AuthorityKind string

// The kinds, named by their marks.
const (
	Self AuthorityKind = "SELF" // the head, in his or her own name
	TM   AuthorityKind = "TM"   // thay mặt: the head, for the collective
	KT   AuthorityKind = "KT"   // ký thay: a deputy, for the head
	TL   AuthorityKind = "TL"   // thừa lệnh: the head of a unit, by order
	TUQ  AuthorityKind = "TUQ"  // thừa ủy quyền: by written authorisation
	Q    AuthorityKind = "Q"    // quyền: the acting head
)

// Authority is what a position signs as. The block under the text is generated from it,
// never typed.
type Authority struct {
	ID                string        `json:"id"`
	AgencyID          string        `json:"agency_id"`
	PositionID        string        `json:"position_id"` // who signs
	Kind              AuthorityKind `json:"kind"`
	GrantorPositionID string        `json:"grantor_position_id,omitempty"`
	GrantorTitle      string        `json:"grantor_title,omitempty"`   // KT, TL, TUQ: "Chủ tịch"; Q: the title acted in
	CollectiveName    string        `json:"collective_name,omitempty"` // "Ủy ban nhân dân"; TM always, KT and Q of a collective
	UnitHeadTitle     string        `json:"unit_head_title,omitempty"` // TL by a deputy: "Chánh Văn phòng" gives its KT. line
	Types             []string      `json:"types,omitempty"`           // codes of document types; empty = all
	Content           string        `json:"content,omitempty"`         // the matters, in words
	DocumentRef       string        `json:"document_ref,omitempty"`    // the regulation or authorisation
	Period
}

// Validate refuses an authority that the decree does not know. Errors are fault.Invalid
// with the field: "authority_kind_invalid"; "authority_field_required" (TM: the
// collective; KT, TL, TUQ, Q: the title; TL: types and document, because it holds only
// for types fixed in a regulation; TUQ: document, both days, and types or content,
// because it is written and limited in time and content);
// "authority_field_not_allowed"; "period_invalid".
func (a Authority) Validate() error {
	required := func(field string) error {
		return fault.New(fault.Invalid, "authority_field_required").Field(field).With("kind", a.Kind.Mark())
	}
	titled := a.Kind == KT || a.Kind == TL || a.Kind == TUQ || a.Kind == Q
	switch {
	case !slices.Contains([]AuthorityKind{Self, TM, KT, TL, TUQ, Q}, a.Kind):
		return fault.New(fault.Invalid, "authority_kind_invalid").Field("kind")
	case blank(a.PositionID):
		return required("position_id")
	case a.Kind == TM && blank(a.CollectiveName):
		return required("collective_name")
	case titled && blank(a.GrantorTitle):
		return required("grantor_title")
	case (a.Kind == TL || a.Kind == TUQ) && blank(a.DocumentRef):
		return required("document_ref")
	case a.Kind == TL && len(a.Types) == 0:
		return required("types")
	case a.Kind == TUQ && len(a.Types) == 0 && blank(a.Content):
		return required("content")
	case a.Kind == TUQ && a.ValidFrom.IsZero():
		return required("valid_from")
	case a.Kind == TUQ && a.ValidTo.IsZero():
		return required("valid_to")
	case a.Kind != TL && a.UnitHeadTitle != "":
		return fault.New(fault.Invalid, "authority_field_not_allowed").Field("unit_head_title").With("kind", a.Kind.Mark())
	case !a.ValidTo.IsZero() && a.ValidTo.Before(a.ValidFrom):
		return fault.New(fault.Invalid, "period_invalid").Field("valid_to")
	}
	return nil
}

// ValidAt decides whether the authority may be used at t, the moment of signing; the day
// of Vietnam counts and the last day is included. Errors are fault.Forbidden:
// "authority_not_yet_valid" (with "from"), "authority_expired" (with "to").
func (a Authority) ValidAt(t time.Time) error {
	switch {
	case a.Holds(t):
		return nil
	case !a.ValidTo.IsZero() && t.After(a.ValidTo.End()):
		return fault.New(fault.Forbidden, "authority_expired").With("kind", a.Kind.Mark()).
			With("to", a.ValidTo.Start().Format("02/01/2006"))
	}
	return fault.New(fault.Forbidden, "authority_not_yet_valid").With("kind", a.Kind.Mark()).
		With("from", a.ValidFrom.Start().Format("02/01/2006"))
}

// Covers decides whether a document of this type may be signed under the authority. The
// error is fault.Forbidden "authority_type_not_covered".
func (a Authority) Covers(typeCode string) error {
	if len(a.Types) == 0 || slices.Contains(a.Types, typeCode) {
		return nil
	}
	return fault.New(fault.Forbidden, "authority_type_not_covered").Field("type_code").
		With("kind", a.Kind.Mark()).With("type", typeCode)
}

// CheckGrant decides whether the holder of one authority may at time t give another
// (NĐ 30/2020 Đ.13). Only a head gives authority (in his or her own name, for the
// collective, or acting), within the bounds of the own one. Errors are fault.Forbidden:
// "authority_tuq_redelegation" (who signs TUQ. may not authorise others),
// "authority_not_head", "authority_exceeds_grantor"; those of ValidAt for the grantor;
// and fault.Invalid from Validate for what is granted.
func CheckGrant(grantor, granted Authority, t time.Time) error {
	if err := grantor.ValidAt(t); err != nil {
		return err
	}
	if err := granted.Validate(); err != nil {
		return err
	}
	switch grantor.Kind {
	case Self, TM, Q:
	case TUQ:
		return fault.New(fault.Forbidden, "authority_tuq_redelegation")
	default:
		return fault.New(fault.Forbidden, "authority_not_head").With("kind", grantor.Kind.Mark())
	}
	if grantor.AgencyID != granted.AgencyID || !granted.within(grantor.Period) || !typesWithin(granted.Types, grantor.Types) {
		return fault.New(fault.Forbidden, "authority_exceeds_grantor")
	}
	return nil
}

func typesWithin(inner, outer []string) bool {
	if len(outer) == 0 {
		return true
	}
	return len(inner) > 0 && !slices.ContainsFunc(inner, func(c string) bool { return !slices.Contains(outer, c) })
}

// Mark is the abbreviation as printed, "KT."; empty for Self.
func (k AuthorityKind) Mark() string {
	if k == Self || k == "" {
		return ""
	}
	return string(k) + "."
}

// Block gives the lines above the signature, capitals as the decree prints them:
// "TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH". The full name under the
// signature is not part of it.
func (a Authority) Block(p Position) []string {
	lines := a.marks()
	if a.Kind != Q { // the acting head's title is the one acted in
		lines = append(lines, capital(p.Title))
	}
	return lines
}

// Competence is the authority for edXML's SignerInfo/Competence: the lines before the
// title in one ("TM. ỦY BAN NHÂN DÂN KT. CHỦ TỊCH"), empty for Self.
func (a Authority) Competence() string { return strings.Join(a.marks(), " ") }

func (a Authority) marks() []string {
	var lines []string
	mark := func(k AuthorityKind, of string) {
		if !blank(of) {
			lines = append(lines, k.Mark()+" "+capital(of))
		}
	}
	switch a.Kind {
	case TM:
		mark(TM, a.CollectiveName)
	case KT, Q:
		mark(TM, a.CollectiveName)
		mark(a.Kind, a.GrantorTitle)
	case TL:
		mark(TL, a.GrantorTitle)
		mark(KT, a.UnitHeadTitle)
	case TUQ:
		mark(TUQ, a.GrantorTitle)
	}
	return lines
}

func capital(s string) string {
	return strings.ToUpper(textfold.NFC(strings.Join(strings.Fields(s), " ")))
}
