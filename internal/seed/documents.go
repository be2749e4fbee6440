package seed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"congvan/internal/app"
	"congvan/internal/calendar"
	"congvan/internal/demo"
	"congvan/internal/demo/pki"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/register"
	"congvan/signing"
	"congvan/storage"
)

//go:embed letters/*.pdf letters/letters.json
var letters embed.FS

// letter is one of the embedded PDFs with the subject printed in it.
type letter struct {
	File, Agency, Subject string
	Urgency               int
	pdf                   []byte
}

// days is how far back the demonstration reaches.
const days = 60

// teller tells the stories of the demonstration: every document goes through the real acts,
// with real keys, at the time the story says.
type teller struct {
	*app.App
	*storyClock
	site     demo.Site
	pki      *pki.PKI
	pending  []flow.Job
	letters  map[string][]letter // by agency id
	progress io.Writer
	end      time.Time // of the past
}

// documents tells o.Documents stories over the last days, in order of time.
func documents(ctx context.Context, cfg app.Config, o Options, p *pki.PKI, clock *storyClock) error {
	t := &teller{storyClock: clock, site: o.Site, pki: p, progress: o.Progress}
	// Nothing is sent to another installation while the past is told: those deliveries
	// wait in the queue and go out when the server starts.
	cfg.Axis = app.Axis{}
	// The past has no timestamp server: what it gives are times of the present.
	cfg.Signing.Level = string(signing.LevelB)
	a, err := app.Build(ctx, cfg, app.Options{Clock: clock.Now, Take: t.take})
	if err != nil {
		return err
	}
	t.App = a
	err = t.tell(ctx, o.Documents, o.Clock())
	if cerr := a.Close(); err == nil {
		err = cerr
	}
	return err
}

// firstMorning is 08:00 of the first day, Vietnam time.
func firstMorning(end time.Time) time.Time {
	return calendar.DateOf(end).AddDays(-days).Start().Add(8 * time.Hour)
}

// take takes the jobs of an act; run does them when the act has been committed. Deliveries
// are queued as well: those over the axis wait there for the server, the others find
// nothing left to do.
func (t *teller) take(j flow.Job) (queue bool) {
	t.pending = append(t.pending, j)
	return j.Kind == flow.JobDeliver
}

// run does what the acts have queued, and what that queues in turn. A delivery that needs
// the axis is left to the server.
func (t *teller) run(ctx context.Context) error {
	for len(t.pending) > 0 {
		j := t.pending[0]
		t.pending = t.pending[1:]
		t.now = t.now.Add(2 * time.Second)
		if j.Kind == flow.JobDeliver && t.overAxis(ctx, j.ID) {
			continue
		}
		if err := t.Do(ctx, j); err != nil {
			return fmt.Errorf("%s %s: %w", j.Kind, j.ID, err)
		}
	}
	return nil
}

func (t *teller) overAxis(ctx context.Context, id string) bool {
	axis := false
	_ = t.Store.Read(ctx, func(tx flow.ReadTx) error {
		d, err := tx.Delivery(id)
		axis = err == nil && d.Channel == document.Axis
		return err
	})
	return axis
}

func (t *teller) tell(ctx context.Context, n int, end time.Time) error {
	senders := t.senders()
	if err := t.readLetters(); err != nil {
		return err
	}
	begin := t.now
	t.end = end.Add(-time.Hour)
	for i := range n {
		// The stories begin evenly over the days, never before the one told last: numbers
		// and dates rise together.
		if at := begin.Add(t.end.Sub(begin) * time.Duration(i) / time.Duration(n)); at.After(t.now) {
			t.pass(at.Sub(t.now))
		}
		if err := t.pki.RenewCRLs(); err != nil {
			return err
		}
		if err := t.story(ctx, senders, i, n); err != nil {
			return fmt.Errorf("story %d: %w", i+1, err)
		}
		if (i+1)%20 == 0 {
			_, _ = fmt.Fprintf(t.progress, "  %s: %d/%d văn bản thử nghiệm\n", t.site.Name, i+1, n)
		}
	}
	return nil
}

// workingTime moves a time into the next working hours.
func (t *teller) workingTime(at time.Time) time.Time {
	cal := calendar.Demonstration()
	d := calendar.DateOf(at)
	h := at.In(calendar.Zone()).Hour()
	switch {
	case !cal.IsWorkingDay(d) || h >= 17:
		return cal.NextWorkingDay(d).Start().Add(8*time.Hour + time.Duration(at.UnixNano()%7200)*time.Second)
	case h < 8:
		return d.Start().Add(8*time.Hour + time.Duration(at.UnixNano()%3600)*time.Second)
	}
	return at
}

// pass lets working time go by, never beyond the present.
func (t *teller) pass(d time.Duration) {
	if next := t.workingTime(t.now.Add(d)); next.Before(t.end) {
		t.now = next
		return
	}
	t.now = t.now.Add(time.Second)
}

// actor is a member of an agency's staff, by the key of the account.
func (t *teller) actor(a demo.AgencyOf, key string) flow.Actor {
	for _, s := range a.Staff {
		if strings.HasPrefix(s.Username, key+".") {
			return flow.Actor{
				AccountID: "acc-" + s.Username, PersonID: s.Person.ID, PersonName: s.Person.FullName, PositionID: s.Position.ID,
				Title: s.Position.Title, AgencyID: a.ID, UnitID: s.Position.UnitID, Roles: s.Position.Roles,
			}
		}
	}
	return flow.Actor{}
}

// senders are the local agencies.
func (t *teller) senders() []demo.AgencyOf {
	var out []demo.AgencyOf
	for _, a := range t.site.Agencies {
		if a.Local {
			out = append(out, a)
		}
	}
	return out
}

// recipients of the i-th document of an agency: one or two others, here and elsewhere.
func (t *teller) recipients(from demo.AgencyOf, i int) []string {
	var here, there []string
	for _, a := range t.site.Agencies {
		switch {
		case a.ID == from.ID:
		case a.Local:
			here = append(here, a.Codes[0].Value)
		default:
			there = append(there, a.Codes[0].Value)
		}
	}
	var out []string
	if len(here) > 0 {
		out = append(out, here[i%len(here)])
	}
	if len(here) == 0 || i%4 == 0 {
		out = append(out, there[i/4%len(there)])
	}
	return out
}

// readLetters reads the embedded letters.
func (t *teller) readLetters() error {
	list, err := letters.ReadFile("letters/letters.json")
	if err != nil {
		return err
	}
	var all []letter
	if err := json.Unmarshal(list, &all); err != nil {
		return err
	}
	t.letters = map[string][]letter{}
	for _, l := range all {
		if l.pdf, err = letters.ReadFile("letters/" + l.File + ".pdf"); err != nil {
			return err
		}
		t.letters[l.Agency] = append(t.letters[l.Agency], l)
	}
	return nil
}

// upload keeps a letter as the drafter would.
func (t *teller) upload(ctx context.Context, a flow.Actor, name string, pdf []byte) (flow.Upload, error) {
	return t.Flow.KeepUpload(ctx, a, flow.Spooled{
		Name: name, R: bytes.NewReader(pdf), Size: int64(len(pdf)), Key: storage.Key(sha256.Sum256(pdf)),
	})
}

// draft begins the i-th document of an agency.
func (t *teller) draft(ctx context.Context, from demo.AgencyOf, i int) (document.Outgoing, error) {
	official := t.actor(from, "cv")
	own := t.letters[from.ID]
	if len(own) == 0 {
		return document.Outgoing{}, fmt.Errorf("no letter of %s", from.Name)
	}
	l := own[i%len(own)]
	up, err := t.upload(ctx, official, "du-thao.pdf", l.pdf)
	if err != nil {
		return document.Outgoing{}, err
	}
	return t.Flow.Draft(ctx, official, flow.DraftInput{
		Metadata: document.Metadata{
			TypeCode: register.CongVan, Subject: l.Subject, Urgency: document.Urgency(l.Urgency), PageAmount: up.Pages,
			ToPlaces: []string{"Như trên", "Lưu: VT"},
		},
		SignerID: t.actor(from, "gd").PositionID, Recipients: t.recipients(from, i),
		Files: []flow.FileInput{{Role: document.Main, UploadID: up.ID}},
	})
}

// plan says how far a document comes: the steps of the straight road it goes, and what
// happens then.
type plan struct {
	steps int    // 0 draft … 7 issued
	then  string // "", return, void, cancel
}

// planOf spreads the endings: the old documents are done, the newest days hold something in
// every state for everybody.
func planOf(i, n, senders int) plan {
	turn := i / senders // of this sender
	if i < n/2 {
		switch turn % 13 {
		case 5:
			return plan{0, "cancel"}
		case 9:
			return plan{5, "void"}
		}
		return plan{steps: 7}
	}
	return []plan{
		{steps: 7},
		{steps: 1},
		{steps: 4},
		{steps: 2},
		{1, "return"},
		{steps: 3},
		{steps: 7},
		{steps: 5},
		{steps: 6},
		{steps: 0},
		{4, "return"},
		{steps: 7},
		{steps: 3},
	}[turn%13]
}

// story takes one document as far as its plan says.
func (t *teller) story(ctx context.Context, senders []demo.AgencyOf, i, n int) error {
	from := senders[i%len(senders)]
	d, err := t.draft(ctx, from, i/len(senders))
	if err != nil {
		return err
	}
	p := planOf(i, n, len(senders))
	for k, step := range t.steps(from, d.ID) {
		if k == p.steps {
			break
		}
		t.pass(time.Duration(2+(i*37+k*53)%9) * time.Minute)
		if err := step(ctx); err != nil {
			return fmt.Errorf("step %d: %w", k+1, err)
		}
	}
	t.pass(5 * time.Minute)
	if err := t.then(ctx, from, d.ID, p, i); err != nil {
		return err
	}
	if err := t.run(ctx); err != nil {
		return err
	}
	if p.steps < 7 {
		return nil
	}
	return t.received(ctx, d.ID, i, n)
}

// steps are the straight road, in order.
func (t *teller) steps(from demo.AgencyOf, id string) []func(context.Context) error {
	read := func(ctx context.Context) (d document.Outgoing, err error) {
		err = t.Store.Read(ctx, func(tx flow.ReadTx) (err error) { d, err = tx.Outgoing(id); return err })
		return d, err
	}
	only := func(_ document.Outgoing, err error) error { return err }
	f, who := t.Flow, func(key string) flow.Actor { return t.actor(from, key) }
	return []func(context.Context) error{
		func(ctx context.Context) error { return only(f.Submit(ctx, who("cv"), id)) },
		func(ctx context.Context) error {
			d, err := read(ctx)
			if err != nil {
				return err
			}
			return only(f.ApproveContent(ctx, who("tp"), id, d.Manifest()))
		},
		func(ctx context.Context) error {
			d, err := read(ctx)
			if err != nil {
				return err
			}
			return only(f.ApproveFormat(ctx, who("tt"), id, d.Manifest()))
		},
		func(ctx context.Context) error {
			d, err := read(ctx)
			if err != nil {
				return err
			}
			seen := document.MainFile(d.Files).Version.Blob
			return only(f.Sign(ctx, who("gd"), id, flow.SignInput{Viewed: seen, PIN: []byte(demo.PIN)}))
		},
		func(ctx context.Context) error { return only(f.Number(ctx, who("vt"), id, flow.NumberInput{})) },
		func(ctx context.Context) error { return only(f.Seal(ctx, who("vt"), id)) },
		func(ctx context.Context) error { return only(f.Issue(ctx, who("vt"), id)) },
	}
}

// then is what happens to a document that leaves the straight road.
func (t *teller) then(ctx context.Context, from demo.AgencyOf, id string, p plan, i int) error {
	reasons := demo.ReturnReasons()
	why := reasons[i%len(reasons)]
	var err error
	switch p.then {
	case "return":
		who := "tp"
		if p.steps == 4 {
			who = "gd"
		}
		_, err = t.Flow.Return(ctx, t.actor(from, who), id, why)
	case "void":
		_, err = t.Flow.Void(ctx, t.actor(from, "vt"), id, why)
	case "cancel":
		_, err = t.Flow.Cancel(ctx, t.actor(from, "cv"), id)
	}
	return err
}
