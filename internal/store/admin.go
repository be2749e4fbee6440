package store

import (
	"context"

	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/journal"
	"congvan/internal/org"
)

// Admin is a writing transaction that may change who works where: for seeding, commands
// and the pages of administrators. Every Put inserts or replaces by ID. It is a flow.Tx as
// well, so that each change can be journalled with it.
type Admin struct{ *tx }

// Administer runs fn in a transaction like Write.
func (s *Store) Administer(ctx context.Context, fn func(Admin) error) error {
	return s.writing(ctx, func(t *tx) error { return fn(Admin{t}) })
}

var _ interface{ Journal(journal.Entry) error } = Admin{}

// PutAgency writes an agency with its codes.
func (a Admin) PutAgency(x org.Agency) error {
	if _, err := a.exec(agencyTable.upsert, agencyColumns(&x).args()...); err != nil {
		return err
	}
	if _, err := a.exec("DELETE FROM agency_codes WHERE agency_id = ?", x.ID); err != nil {
		return err
	}
	for n, c := range x.Codes {
		_, err := a.exec("INSERT INTO agency_codes (agency_id, n, scheme, value, organ_key, valid_from, valid_to) VALUES (?, ?, ?, ?, ?, ?, ?)",
			x.ID, n, c.Scheme, c.Value, org.OrganKey(c.Value), c.ValidFrom.String(), c.ValidTo.String())
		if err != nil {
			return err
		}
	}
	return nil
}

// PutUnit writes a part of an agency.
func (a Admin) PutUnit(x org.Unit) error {
	_, err := a.exec(unitTable.upsert, unitColumns(&x).args()...)
	return err
}

// PutPerson writes somebody.
func (a Admin) PutPerson(x org.Person) error {
	_, err := a.exec(personTable.upsert, personColumns(&x).args()...)
	return err
}

// PutPosition writes a post; its person and agency must be there.
func (a Admin) PutPosition(x org.Position) error {
	_, err := a.exec(positionTable.upsert, positionColumns(&x).args()...)
	return err
}

// PutAuthority writes what a position signs as; fault.Invalid from its Validate.
func (a Admin) PutAuthority(x org.Authority) error {
	if err := x.Validate(); err != nil {
		return err
	}
	_, err := a.exec(authorityTable.upsert, authorityColumns(&x).args()...)
	return err
}

// PutCredential enrols a certificate; the owner's earlier one ends now and stays on record.
func (a Admin) PutCredential(x flow.Credential) error {
	now := micros(a.s.clock())
	_, err := a.exec("UPDATE credentials SET ended_at = ? WHERE owner = ? AND owner_id = ? AND id <> ? AND ended_at IS NULL", now, x.Owner, x.OwnerID, x.ID)
	if err != nil {
		return err
	}
	args := append(credentialColumns(&x).args(), now)
	_, err = a.exec(`INSERT INTO credentials (id, owner, owner_id, key_uri, chain_pem, fingerprint, image, seal_mm, demo, enrolled_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET key_uri = excluded.key_uri, chain_pem = excluded.chain_pem,
		fingerprint = excluded.fingerprint, image = excluded.image, seal_mm = excluded.seal_mm, demo = excluded.demo`, args...)
	return err
}

// EndCredential takes a certificate out of use.
func (a Admin) EndCredential(id string) error {
	n, err := a.exec("UPDATE credentials SET ended_at = ? WHERE id = ? AND ended_at IS NULL", micros(a.s.clock()), id)
	if err == nil && n == 0 {
		return fault.Missing()
	}
	return err
}

// PutCalendar replaces the installation's days off and days worked instead.
func (a Admin) PutCalendar(c calendar.Calendar) error {
	if _, err := a.exec("DELETE FROM calendar_days"); err != nil {
		return err
	}
	for kind, days := range map[string]map[calendar.Date]string{holiday: c.Holidays, workday: c.ExtraWorkdays} {
		for day, name := range days {
			if _, err := a.exec("INSERT INTO calendar_days (day, kind, name) VALUES (?, ?, ?)", day.String(), kind, name); err != nil {
				return err
			}
		}
	}
	return nil
}
