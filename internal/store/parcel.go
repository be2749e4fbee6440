package store

import (
	"congvan/internal/document"
)

var parcelTable = newTable("parcels", parcelColumns(new(document.Parcel)))

func parcelColumns(p *document.Parcel) columns {
	return columns{
		{"id", p.ID, &p.ID},
		{"axis_doc_id", p.AxisDocID, &p.AxisDocID},
		{"kind", p.Kind, &p.Kind},
		{"from_organ_id", p.From, &p.From},
		{"to_organ_id", p.To, &p.To},
		{"agency_id", p.AgencyID, &p.AgencyID},
		{"taken_at", micros(p.At), asTime{&p.At}},
		{"raw_key", p.RawKey, &p.RawKey},
		{"strikes", p.Strikes, &p.Strikes},
		{"last_error", p.LastError, &p.LastError},
		{"outcome", p.Outcome, &p.Outcome},
		{"fetched_at", micros(p.FetchedAt), asTime{&p.FetchedAt}},
		{"decided_at", microsOrNull(p.DecidedAt), asTimePtr{&p.DecidedAt}},
	}
}

func scanParcel(row scanner) (document.Parcel, error) {
	var p document.Parcel
	err := row.Scan(append(parcelColumns(&p).dests(), &p.Row)...)
	return p, err
}

// Parcel finds a row that was taken over from the axis's list.
func (t *tx) Parcel(id string) (document.Parcel, error) {
	return one(list(t, scanParcel, "SELECT "+parcelTable.read+", d.rev FROM parcels d WHERE d.id = ?"+t.lock(), id))
}

// PutParcel writes it.
func (t *tx) PutParcel(p *document.Parcel) error {
	return t.put(parcelTable, p.ID, &p.Row, parcelColumns(p))
}
