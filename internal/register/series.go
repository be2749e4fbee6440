package register

import (
	"strings"

	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/textfold"
)

// SchemeKind is how an agency's head divides administrative documents into series
// (NĐ 30/2020 Đ.15.1: the agency's own choice).
type SchemeKind string

// The divisions.
const (
	OneSeries SchemeKind = "ONE"       // one series for all types
	PerType   SchemeKind = "PER_TYPE"  // one per type
	PerGroup  SchemeKind = "PER_GROUP" // one per group of types
	PerUnit   SchemeKind = "PER_UNIT"  // công văn per drafting unit, named types per type
)

// Scheme is data of the agency. The zero Scheme is one series for all.
type Scheme struct {
	Kind   SchemeKind        `json:"kind"`
	Groups map[string]string `json:"groups,omitempty"` // PER_GROUP: type code → group, every one of Types
}

// Validate refuses an unknown kind ("scheme_invalid"), a PER_GROUP scheme that leaves out
// a type ("scheme_type_without_group"), and one that puts công văn and thư công into
// different groups ("scheme_groups_clash"): both print the same notation, so that two
// series would give the same number and notation twice.
func (s Scheme) Validate() error {
	switch s.Kind {
	case "", OneSeries, PerType, PerUnit:
		return nil
	case PerGroup:
	default:
		return fault.New(fault.Invalid, "scheme_invalid").Field("numbering.kind")
	}
	for _, t := range Types() {
		if s.group(t) == "" {
			return fault.New(fault.Invalid, "scheme_type_without_group").Field("numbering.groups").With("type", t.Name)
		}
	}
	if s.Groups[CongVan] != s.Groups[ThuCong] {
		return fault.New(fault.Invalid, "scheme_groups_clash").Field("numbering.groups")
	}
	return nil
}

func (s Scheme) group(t DocumentType) string {
	return textfold.NFC(strings.TrimSpace(s.Groups[t.Code]))
}

// SeriesKey names the series a document is numbered in, within its agency and year.
// Copies of every kind share one (NĐ 30/2020 Phụ lục I: SY, SL, TrS), a council or
// board that issues under the agency's seal has its own (body is its abbreviation, which
// then also stands in the notation), all else goes by the scheme.
//
// Whatever the scheme, two documents with the same printed notation are in the same
// series, so that number and notation are unique in the agency's year (Đ.15.1). That is
// why types without an abbreviation share a series, and why PER_UNIT divides only them:
// the notation of a named type does not show the unit.
//
// Errors are fault.Invalid: "unit_code_required" (PER_UNIT without a unit) and those of
// Validate.
func SeriesKey(s Scheme, t DocumentType, unitCode, body string) (string, error) {
	if t.Copy {
		return "COPY", nil
	}
	if body = canonical(body); body != "" {
		return "BODY:" + body, nil
	}
	if err := s.Validate(); err != nil {
		return "", err
	}
	switch s.Kind {
	case PerType:
		return typeKey(t), nil
	case PerGroup:
		if g := s.group(t); g != "" {
			return "GROUP:" + g, nil
		}
		return "", fault.New(fault.Invalid, "scheme_type_without_group").Field("numbering.groups").With("type", t.Name)
	case PerUnit:
		if t.HasAbbreviation {
			return typeKey(t), nil
		}
		unit := canonical(unitCode)
		if unit == "" {
			return "", fault.New(fault.Invalid, "unit_code_required").Field("unit_code")
		}
		return "UNIT:" + unit, nil
	}
	return "ALL", nil
}

func typeKey(t DocumentType) string {
	if !t.HasAbbreviation {
		return "TYPE:" + CongVan
	}
	return "TYPE:" + t.Code
}

func canonical(s string) string { return textfold.NFC(strings.TrimSpace(s)) }

// ArrivalKey is the one series of the incoming book, paper and electronic together
// (NĐ 30/2020 Đ.22.2).
const ArrivalKey = "ARRIVAL"

// Series is a run of numbers from 1, without gaps: one agency, one year, one key.
type Series struct {
	AgencyID string `json:"agency_id"`
	Year     int    `json:"year"`
	Key      string `json:"key"`
}

// Outgoing gives the series for a key of SeriesKey. The year is that of the date of
// issue, not of the clock.
func Outgoing(agencyID, key string, issueDate calendar.Date) Series {
	return Series{AgencyID: agencyID, Year: issueDate.Year, Key: key}
}

// Arrival gives the incoming series. The year, like the number, goes by the day of
// registration in the book; the time of receipt is kept beside it for the deadline.
func Arrival(agencyID string, registered calendar.Date) Series {
	return Series{AgencyID: agencyID, Year: registered.Year, Key: ArrivalKey}
}
