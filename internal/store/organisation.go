package store

import (
	"slices"
	"strings"

	"congvan/internal/calendar"
	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/textfold"
)

var (
	agencyTable     = newTable("agencies", agencyColumns(new(org.Agency)))
	unitTable       = newTable("units", unitColumns(new(org.Unit)))
	personTable     = newTable("people", personColumns(new(org.Person)))
	positionTable   = newTable("positions", positionColumns(new(org.Position)))
	authorityTable  = newTable("authorities", authorityColumns(new(org.Authority)))
	credentialTable = newTable("credentials", credentialColumns(new(flow.Credential)))
)

func agencyColumns(a *org.Agency) columns {
	return columns{
		{"id", a.ID, &a.ID},
		{"parent_id", a.ParentID, &a.ParentID},
		{"name", a.Name, &a.Name},
		{"abbreviation", a.Abbreviation, &a.Abbreviation},
		{"place", a.Place, &a.Place},
		{"superior", a.Superior, &a.Superior},
		{"block", a.Block, &a.Block},
		{"numbering", inJSON{a.Numbering}, asJSON{&a.Numbering}},
		{"local", a.Local, &a.Local},
		{"closed_at", microsOrNull(a.ClosedAt), asTimePtr{&a.ClosedAt}},
		{"sort_key", textfold.Key(a.Name), nil},
		{"search", agencyWords(a), nil},
	}
}

// agencyWords begins each word with a space, so that " word" finds its beginnings.
func agencyWords(a *org.Agency) string {
	text := []string{a.Name, a.Abbreviation}
	for _, c := range a.Codes {
		text = append(text, c.Value)
	}
	return " " + words(strings.Join(text, "\n"))
}

func unitColumns(u *org.Unit) columns {
	return columns{
		{"id", u.ID, &u.ID}, {"agency_id", u.AgencyID, &u.AgencyID}, {"name", u.Name, &u.Name}, {"code", u.Code, &u.Code},
	}
}

func personColumns(p *org.Person) columns {
	return columns{{"id", p.ID, &p.ID}, {"full_name", p.FullName, &p.FullName}}
}

func positionColumns(p *org.Position) columns {
	return append(columns{
		{"id", p.ID, &p.ID},
		{"person_id", p.PersonID, &p.PersonID},
		{"agency_id", p.AgencyID, &p.AgencyID},
		{"unit_id", p.UnitID, &p.UnitID},
		{"title", p.Title, &p.Title},
		{"roles", inJSON{p.Roles}, asJSON{&p.Roles}},
	}, periodColumns(&p.Period)...)
}

func periodColumns(p *org.Period) columns {
	return columns{
		{"valid_from", p.ValidFrom.String(), asDate{&p.ValidFrom}},
		{"valid_to", p.ValidTo.String(), asDate{&p.ValidTo}},
	}
}

func authorityColumns(a *org.Authority) columns {
	return append(columns{
		{"id", a.ID, &a.ID},
		{"agency_id", a.AgencyID, &a.AgencyID},
		{"position_id", a.PositionID, &a.PositionID},
		{"kind", a.Kind, &a.Kind},
		{"grantor_position_id", a.GrantorPositionID, &a.GrantorPositionID},
		{"grantor_title", a.GrantorTitle, &a.GrantorTitle},
		{"collective_name", a.CollectiveName, &a.CollectiveName},
		{"unit_head_title", a.UnitHeadTitle, &a.UnitHeadTitle},
		{"types", inJSON{a.Types}, asJSON{&a.Types}},
		{"content", a.Content, &a.Content},
		{"document_ref", a.DocumentRef, &a.DocumentRef},
	}, periodColumns(&a.Period)...)
}

func credentialColumns(c *flow.Credential) columns {
	return columns{
		{"id", c.ID, &c.ID},
		{"owner", c.Owner, &c.Owner},
		{"owner_id", c.OwnerID, &c.OwnerID},
		{"key_uri", c.KeyURI, &c.KeyURI},
		{"chain_pem", c.ChainPEM, &c.ChainPEM},
		{"fingerprint", c.Fingerprint, &c.Fingerprint},
		{"image", c.Image, &c.Image},
		{"seal_mm", c.SealMM, &c.SealMM},
		{"demo", c.Demo, &c.Demo},
	}
}

func scanAgency(row scanner) (org.Agency, error) {
	var a org.Agency
	err := row.Scan(agencyColumns(&a).dests()...)
	return a, err
}

func (t *tx) agency(where string, args ...any) (org.Agency, error) {
	a, err := one(list(t, scanAgency, agencyTable.sel(where), args...))
	if err != nil {
		return a, err
	}
	a.Codes, err = t.codes(a.ID)
	return a, err
}

func (t *tx) codes(agencyID string) ([]org.Code, error) {
	scan := func(row scanner) (org.Code, error) {
		var c org.Code
		err := row.Scan(&c.Scheme, &c.Value, asDate{&c.ValidFrom}, asDate{&c.ValidTo})
		return c, err
	}
	return list(t, scan, "SELECT scheme, value, valid_from, valid_to FROM agency_codes WHERE agency_id = ? ORDER BY n", agencyID)
}

// Agency finds an agency with its codes.
func (t *tx) Agency(id string) (org.Agency, error) { return t.agency("WHERE d.id = ?", id) }

// AgencyByOrganID finds the agency that an identifier is or was. Should a code have passed
// from one agency to another, the open one with the latest claim answers to it.
func (t *tx) AgencyByOrganID(organID string) (org.Agency, error) {
	return t.agency(`JOIN agency_codes c ON c.agency_id = d.id WHERE c.organ_key = ?
		ORDER BY CASE WHEN d.closed_at IS NULL THEN 0 ELSE 1 END, c.valid_from DESC, d.id LIMIT 1`, org.OrganKey(organID))
}

// Unit finds a part of an agency.
func (t *tx) Unit(id string) (org.Unit, error) {
	var u org.Unit
	err := get(t, unitColumns(&u).dests(), unitTable.sel("WHERE d.id = ?"), id)
	return u, err
}

// Person finds somebody.
func (t *tx) Person(id string) (org.Person, error) {
	var p org.Person
	err := get(t, personColumns(&p).dests(), personTable.sel("WHERE d.id = ?"), id)
	return p, err
}

func scanPosition(row scanner) (org.Position, error) {
	var p org.Position
	err := row.Scan(positionColumns(&p).dests()...)
	return p, err
}

// Position finds a post, valid or not.
func (t *tx) Position(id string) (org.Position, error) {
	return one(list(t, scanPosition, positionTable.sel("WHERE d.id = ?"), id))
}

// Positions gives an agency's posts that are valid now and carry the role ("" is any), by
// title and name of their holders.
func (t *tx) Positions(agencyID string, role org.Role) ([]org.Position, error) {
	type post struct {
		org.Position
		key string
	}
	scan := func(row scanner) (post, error) {
		var p post
		var name string
		err := row.Scan(append(positionColumns(&p.Position).dests(), &name)...)
		p.key = textfold.Key(p.Title) + "\x00" + textfold.Key(name) + "\x00" + p.ID
		return p, err
	}
	found, err := list(t, scan,
		"SELECT "+positionTable.read+", h.full_name FROM positions d JOIN people h ON h.id = d.person_id WHERE d.agency_id = ?", agencyID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b post) int { return strings.Compare(a.key, b.key) })
	now := t.s.clock()
	var out []org.Position
	for _, p := range found {
		if p.Holds(now) && (role == "" || p.Has(role)) {
			out = append(out, p.Position)
		}
	}
	return out, nil
}

// Authority is what a position signs as: of those valid today the latest; with none valid
// the latest of all, whose ValidAt then tells why not.
func (t *tx) Authority(positionID string) (org.Authority, error) {
	scan := func(row scanner) (org.Authority, error) {
		var a org.Authority
		err := row.Scan(authorityColumns(&a).dests()...)
		return a, err
	}
	found, err := list(t, scan, authorityTable.sel("WHERE d.position_id = ? ORDER BY d.valid_from DESC, d.id"), positionID)
	now := t.s.clock()
	if i := slices.IndexFunc(found, func(a org.Authority) bool { return a.Holds(now) }); i > 0 {
		found = found[i:]
	}
	return one(found, err)
}

// Credential is the certificate enrolled for a person or an agency and not ended.
func (t *tx) Credential(owner flow.Owner, id string) (flow.Credential, error) {
	var c flow.Credential
	err := get(t, credentialColumns(&c).dests(), credentialTable.sel("WHERE d.owner = ? AND d.owner_id = ? AND d.ended_at IS NULL"), owner, id)
	return c, err
}

// Calendar is the installation's days off and days worked instead.
func (t *tx) Calendar() (calendar.Calendar, error) {
	c := calendar.Calendar{Holidays: map[calendar.Date]string{}, ExtraWorkdays: map[calendar.Date]string{}}
	scan := func(row scanner) (struct{}, error) {
		var day calendar.Date
		var kind, name string
		err := row.Scan(asDate{&day}, &kind, &name)
		if kind == workday {
			c.ExtraWorkdays[day] = name
		} else {
			c.Holidays[day] = name
		}
		return struct{}{}, err
	}
	_, err := list(t, scan, "SELECT day, kind, name FROM calendar_days")
	return c, err
}

// Kinds of calendar_days.
const (
	holiday = "HOLIDAY"
	workday = "WORKDAY"
)
