// Package org knows who works where and may sign as what: agencies with their codes,
// units, people, positions and roles, and the authority to sign (NĐ 30/2020 Đ.13, Phụ
// lục I). Plain values and pure functions, safe for concurrent use.
package org

import (
	"slices"
	"strings"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/register"
)

// Period is the days on which something is valid, both included; an end that is zero is
// open.
type Period struct {
	ValidFrom calendar.Date `json:"valid_from,omitzero"`
	ValidTo   calendar.Date `json:"valid_to,omitzero"`
}

// Holds tells whether the day of Vietnam at t lies in the period.
func (p Period) Holds(t time.Time) bool {
	d := calendar.DateOf(t)
	return !d.Before(p.ValidFrom) && (p.ValidTo.IsZero() || !d.After(p.ValidTo))
}

// within tells whether p does not reach beyond outer.
func (p Period) within(outer Period) bool {
	return !p.ValidFrom.Before(outer.ValidFrom) &&
		(outer.ValidTo.IsZero() || !p.ValidTo.IsZero() && !p.ValidTo.After(outer.ValidTo))
}

// Block is the part of the political system an agency belongs to; it decides which rules
// of document form its data follow (the Party has its own).
type Block string

// The blocks.
const (
	BlockGovernment Block = "GOVERNMENT" // cơ quan nhà nước
	BlockParty      Block = "PARTY"      // cơ quan Đảng
	BlockFront      Block = "FRONT"      // Mặt trận và đoàn thể
	BlockOther      Block = "OTHER"
)

// Agency is a body that issues and receives documents in its own name (cơ quan, tổ
// chức). It is never deleted: merged and closed agencies stay with ClosedAt set, because
// old documents name them.
type Agency struct {
	ID           string          `json:"id"`
	ParentID     string          `json:"parent_id,omitempty"`
	Name         string          `json:"name"`
	Abbreviation string          `json:"abbreviation"`       // in the notation: "UBND", "SNV"
	Place        string          `json:"place"`              // of the date line: "Hà Nội"
	Superior     string          `json:"superior,omitempty"` // printed above the name in box 2
	Block        Block           `json:"block"`
	Codes        []Code          `json:"codes"`
	Numbering    register.Scheme `json:"numbering"`
	Local        bool            `json:"local"` // works in this installation
	ClosedAt     *time.Time      `json:"closed_at,omitempty"`
}

// Code is an identifier of an agency on the axis, with the days on which it was in force.
type Code struct {
	Scheme CodeScheme `json:"scheme"`
	Value  string     `json:"value"` // as issued
	Period
}

// CodeAt is the agency's own identifier on the day of t: the new one (QĐ 20/2020) where
// it has one, else the old (QCVN 102:2016), else one of no published form, else "".
func (a Agency) CodeAt(t time.Time) string { return a.CodeIn(SchemeQD20, t) }

// CodeIn is the agency's own identifier of a scheme on the day of t; of another where it
// has none of that one.
func (a Agency) CodeIn(preferred CodeScheme, t time.Time) string {
	for _, scheme := range []CodeScheme{preferred, SchemeQD20, SchemeQCVN102, SchemeOther} {
		for _, c := range a.Codes {
			if c.Scheme == scheme && c.Holds(t) {
				return c.Value
			}
		}
	}
	return ""
}

// HasCode tells whether the identifier is or ever was the agency's: closed codes go on
// occurring in references to old documents.
func (a Agency) HasCode(organID string) bool {
	return slices.ContainsFunc(a.Codes, func(c Code) bool { return SameOrganID(c.Value, organID) })
}

// Open tells whether the agency still works at t.
func (a Agency) Open(t time.Time) bool { return a.ClosedAt == nil || t.Before(*a.ClosedAt) }

// Unit is a part of an agency (đơn vị: phòng, ban); Code stands in the notation of its
// công văn ("VX") and is fixed by the agency's head.
type Unit struct {
	ID       string `json:"id"`
	AgencyID string `json:"agency_id"`
	Name     string `json:"name"`
	Code     string `json:"code"`
}

// Person is somebody who works in one or more positions.
type Person struct {
	ID       string `json:"id"`
	FullName string `json:"full_name"` // without academic titles, as signed
}

// Role is what a position may do in the flow (NĐ 30/2020 Đ.6).
type Role string

// The roles.
const (
	RoleOfficial      Role = "OFFICIAL"       // chuyên viên: drafts and resolves
	RoleUnitHead      Role = "UNIT_HEAD"      // lãnh đạo đơn vị: answers for content
	RoleFormatChecker Role = "FORMAT_CHECKER" // kiểm tra thể thức
	RoleLeader        Role = "LEADER"         // người có thẩm quyền: signs, directs
	RoleClerk         Role = "CLERK"          // văn thư cơ quan
	RoleAdmin         Role = "ADMIN"          // runs the system, reads no document
	RoleAuditor       Role = "AUDITOR"        // reads, writes nothing
)

// Roles gives every role; the slice is the caller's.
func Roles() []Role {
	return []Role{RoleOfficial, RoleUnitHead, RoleFormatChecker, RoleLeader, RoleClerk, RoleAdmin, RoleAuditor}
}

// Position is a person's post in an agency (chức vụ). All rights hang on it, not on the
// person.
type Position struct {
	ID       string `json:"id"`
	PersonID string `json:"person_id"`
	AgencyID string `json:"agency_id"`
	UnitID   string `json:"unit_id,omitempty"`
	Title    string `json:"title"` // "Phó Chủ tịch"
	Roles    []Role `json:"roles"`
	Period
}

// Has tells whether the position has the role.
func (p Position) Has(r Role) bool { return slices.Contains(p.Roles, r) }

// Delegation lets somebody handle another's work for a time (ủy quyền xử lý). It gives
// work rights, never the use of a key, and every act is recorded as "B on behalf of A";
// authority to sign is another thing (Authority). It cannot be passed on.
type Delegation struct {
	ID             string `json:"id"`
	FromPositionID string `json:"from_position_id"`
	ToPositionID   string `json:"to_position_id"`
	Reason         string `json:"reason"`
	Period
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
