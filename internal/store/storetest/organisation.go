package storetest

import (
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/store"
)

func testOrganisation(t *testing.T, w *world) {
	closed := now().Add(-time.Hour)
	agency := org.Agency{
		ID: "agc-x", ParentID: agencyA, Name: "Ủy ban nhân dân phường Đống Đa (thử nghiệm)", Abbreviation: "UBND", Place: "Đống Đa",
		Superior: "Thành phố", Block: org.BlockParty, Local: true, ClosedAt: &closed,
		Numbering: register.Scheme{Kind: register.PerGroup, Groups: map[string]string{"CV": "một"}},
		Codes: []org.Code{
			{Scheme: org.SchemeQCVN102, Value: "000.00.99.H99", Period: org.Period{ValidFrom: calendar.On(2016, 1, 1), ValidTo: calendar.On(2020, 7, 21)}},
			{Scheme: org.SchemeQD20, Value: "H99.99", Period: org.Period{ValidFrom: calendar.On(2020, 7, 22)}},
		},
	}
	unit := org.Unit{ID: "unt-x", AgencyID: "agc-x", Name: "Văn phòng", Code: "VP"}
	person := org.Person{ID: "per-x", FullName: "Đặng Thị Ngọc Ánh"}
	position := org.Position{
		ID: "pos-x", PersonID: "per-x", AgencyID: "agc-x", UnitID: "unt-x", Title: "Chánh Văn phòng",
		Roles: []org.Role{org.RoleUnitHead, org.RoleFormatChecker}, Period: org.Period{ValidFrom: calendar.On(2026, 1, 1), ValidTo: calendar.On(2026, 12, 31)},
	}
	put := func(a store.Admin) error {
		for _, err := range []error{a.PutAgency(agency), a.PutUnit(unit), a.PutPerson(person), a.PutPosition(position)} {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for range 2 { // the second time replaces
		w.administer(put)
		w.read(func(tx flow.ReadTx) error {
			gotAgency, err := tx.Agency("agc-x")
			if err != nil {
				return err
			}
			w.same("agency", agency, gotAgency)
			gotUnit, err := tx.Unit("unt-x")
			if err != nil {
				return err
			}
			w.same("unit", unit, gotUnit)
			gotPerson, err := tx.Person("per-x")
			if err != nil {
				return err
			}
			w.same("person", person, gotPerson)
			gotPosition, err := tx.Position("pos-x")
			if err != nil {
				return err
			}
			w.same("position", position, gotPosition)
			return nil
		})
		agency.Name, agency.ClosedAt, agency.Codes = "Phường Đống Đa", nil, agency.Codes[1:]
		unit.Code, person.FullName, position.Title = "VPUB", "Đặng Ngọc Ánh", "Phó Chánh Văn phòng"
	}
}

func testOrganIDs(t *testing.T, w *world) {
	closed := now().Add(-time.Hour)
	code := func(v string) []org.Code {
		return []org.Code{{Scheme: org.SchemeOther, Value: v, Period: org.Period{ValidFrom: calendar.On(2020, 1, 1)}}}
	}
	w.administer(func(a store.Admin) error {
		if err := a.PutAgency(org.Agency{ID: "agc-0", Name: "Cũ", ClosedAt: &closed, Codes: code("H98.77")}); err != nil {
			return err
		}
		return a.PutAgency(org.Agency{ID: "agc-9", Name: "Mới", Codes: append(code("H98.77"), code("000.00.77.H98")...)})
	})
	w.read(func(tx flow.ReadTx) error {
		for in, want := range map[string]string{"h99.01": agencyA, " H99.02 ": agencyB, "H98.77": "agc-9", "000.00.77.h98": "agc-9"} {
			got, err := tx.AgencyByOrganID(in)
			if err != nil || got.ID != want {
				t.Errorf("%q: got %q, %v; want %q", in, got.ID, err, want)
			}
		}
		for _, in := range []string{"", "H99", "H99.01.01"} {
			_, err := tx.AgencyByOrganID(in)
			w.refused(err, fault.NotFound, "not_found")
		}
		return nil
	})
}

func testAuthority(t *testing.T, w *world) {
	authority := func(id string, from, to calendar.Date) org.Authority {
		return org.Authority{
			ID: id, AgencyID: agencyA, PositionID: leader, Kind: org.KT, GrantorPositionID: head, GrantorTitle: "Chủ tịch", CollectiveName: "Ủy ban nhân dân",
			Types: []string{"CV", "TB"}, Content: "Văn xã", DocumentRef: "Quyết định 1", Period: org.Period{ValidFrom: from, ValidTo: to},
		}
	}
	past := authority("aut-1", calendar.On(2024, 1, 1), calendar.On(2024, 12, 31))
	present := authority("aut-2", calendar.On(2025, 1, 1), calendar.On(2026, 12, 31))
	future := authority("aut-3", calendar.On(2027, 1, 1), calendar.Date{})
	expect := func(want org.Authority) {
		t.Helper()
		w.read(func(tx flow.ReadTx) error {
			got, err := tx.Authority(leader)
			w.same("authority", want, got)
			return err
		})
	}
	put := func(x org.Authority) { w.administer(func(a store.Admin) error { return a.PutAuthority(x) }) }
	put(past)
	expect(past) // so that it can say that it has expired
	put(present)
	put(future)
	expect(present)
	err := w.s.Administer(t.Context(), func(a store.Admin) error {
		return a.PutAuthority(org.Authority{ID: "aut-4", Kind: org.KT, PositionID: leader})
	})
	w.refused(err, fault.Invalid, "authority_field_required")
}

func testCredential(t *testing.T, w *world) {
	credential := func(id string) flow.Credential {
		return flow.Credential{
			ID: id, Owner: flow.OwnerPerson, OwnerID: "per-x", KeyURI: "pkcs11:token=x;object=" + id, ChainPEM: []byte("PEM\x00" + id),
			Fingerprint: "f" + id, Image: []byte{0x89, 'P'}, SealMM: 36.5, Demo: true,
		}
	}
	expect := func(id string) {
		t.Helper()
		w.read(func(tx flow.ReadTx) error {
			got, err := tx.Credential(flow.OwnerPerson, "per-x")
			w.same("credential", credential(id), got)
			return err
		})
	}
	put := func(id string) {
		w.administer(func(a store.Admin) error { return a.PutCredential(credential(id)) })
	}
	put("1")
	expect("1")
	put("1")
	put("2") // renewed
	expect("2")
	w.administer(func(a store.Admin) error { return a.EndCredential("2") })
	err := w.s.Read(t.Context(), func(tx flow.ReadTx) error {
		_, err := tx.Credential(flow.OwnerPerson, "per-x")
		return err
	})
	w.refused(err, fault.NotFound, "not_found")
	err = w.s.Read(t.Context(), func(tx flow.ReadTx) error {
		_, err := tx.Credential(flow.OwnerAgency, "per-x")
		return err
	})
	w.refused(err, fault.NotFound, "not_found")
}

func testCalendar(t *testing.T, w *world) {
	for _, want := range []calendar.Calendar{
		{Holidays: map[calendar.Date]string{}, ExtraWorkdays: map[calendar.Date]string{}},
		{
			Holidays:      map[calendar.Date]string{calendar.On(2026, 9, 2): "Quốc khánh", calendar.On(2026, 1, 1): "Tết Dương lịch"},
			ExtraWorkdays: map[calendar.Date]string{calendar.On(2026, 9, 2): "Làm bù"},
		},
		{Holidays: map[calendar.Date]string{calendar.On(2027, 1, 1): "Tết Dương lịch"}, ExtraWorkdays: map[calendar.Date]string{}},
	} {
		w.administer(func(a store.Admin) error { return a.PutCalendar(want) })
		w.read(func(tx flow.ReadTx) error {
			got, err := tx.Calendar()
			w.same("calendar", want, got)
			return err
		})
	}
}
