package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/walk"
	"congvan/internal/workflow"
)

// Limits of issue 4, in the rows' units.
const (
	fanOutRecipients = 636
	fanOutLimit      = 60 // s
)

// axisSize is how much of everything is sent over the axis.
type axisSize struct {
	Dispatches int // to one recipient
	Delays     int // dispatches whose way into the inbox is timed one by one
	Recipients int // of the one that goes to very many
	Large      int64
}

// axisBench is two installations and the axis between them, each its own process.
type axisBench struct {
	*bench
	n        axisSize
	fanned   letter // the one that went to very many
	w        *walk.World
	from, to clients
}

// The agencies between which everything is sent; their accounts all end in ".so".
const (
	receiverOrgan = "H98.12"
	senderLeader  = "pos-x-so-gd"
)

// RunAxis measures the way over the axis: installation A, the simulator and installation B
// on this machine's processors together. As Run, it leaves nothing running.
func RunAxis(ctx context.Context, o Options) (Table, error) {
	x := &axisBench{bench: &bench{Options: o}, n: axisSize{Dispatches: 60, Delays: 15, Recipients: fanOutRecipients, Large: 200_000_000}}
	if o.Quick {
		x.n = axisSize{Dispatches: 3, Delays: 2, Recipients: 12, Large: 8 << 20}
	}
	defer x.stop()
	began := o.Clock()
	for _, part := range []struct {
		say string
		run func(context.Context) error
	}{
		{"preparing two installations and the axis between them", x.start},
		{"dispatches to one recipient, end to end", x.single},
		{"from issue to inbox", x.delay},
		{"one dispatch to very many", x.fanOut},
		{"a large file over the axis", x.heavy},
		{"what was stored", x.stored},
	} {
		_, _ = fmt.Fprintf(o.Progress, "%s…\n", part.say)
		if err := part.run(ctx); err != nil {
			return Table{}, fmt.Errorf("%s: %w", part.say, err)
		}
	}
	load, _ := os.ReadFile("/proc/loadavg") // for the reader of the table; empty elsewhere
	return Table{Began: began, Took: o.Clock().Sub(began), Machine: machine(string(load)), Rows: x.rows}, nil
}

func (x *axisBench) stop() {
	if x.w != nil {
		x.w.Stop()
	}
}

func (x *axisBench) start(ctx context.Context) (err error) {
	sites := demo.Trio()[:2]
	sites[0].Agencies = append(sites[0].Agencies, demo.Wards(x.n.Recipients, false)...)
	sites[1].Agencies = append(sites[1].Agencies, demo.Wards(x.n.Recipients, true)...)
	x.w, err = walk.StartWorld(ctx, walk.WorldOptions{
		Congvan: x.Congvan, Axissim: filepath.Join(filepath.Dir(x.Congvan), "axissim"), Dir: x.Dir, DB: "sqlite", Blobs: "fs", Sites: sites,
		Progress: x.Progress, Clock: x.Clock, Rand: x.Rand,
	})
	if err != nil {
		return err
	}
	return x.signIn(ctx)
}

func (x *axisBench) signIn(ctx context.Context) (err error) {
	x.from, x.to = clients{}, clients{}
	for _, who := range []string{"cv", "tp", "tt", "gd", "vt"} {
		if x.from[who], err = walk.SignIn(ctx, x.w.A.Base, who+".so", demo.Password); err != nil {
			return err
		}
	}
	x.to["vt"], err = walk.SignIn(ctx, x.w.B.Base, "vt.so", demo.Password)
	return err
}

// sealed takes a document of size bytes up to the moment of issue.
func (x *axisBench) sealed(ctx context.Context, size int64, to ...string) (letter, error) {
	file, err := x.pdf(fmt.Sprintf("truc-%03d.pdf", x.made), size+int64(x.made))
	if err != nil {
		return letter{}, err
	}
	x.made++
	defer func() { _ = os.Remove(file) }()
	id, err := x.from["cv"].Upload(ctx, file)
	if err != nil {
		return letter{}, err
	}
	var page query.OutgoingPage
	err = x.from["cv"].Do(ctx, http.MethodPost, "/outgoing?secrecy=0", map[string]any{
		"type_code": register.CongVan, "subject": fmt.Sprintf("V/v đo tốc độ liên thông văn bản, lần %d (văn bản thử nghiệm)", x.made),
		"urgency": 0, "signer_id": senderLeader, "recipients": to, "files": []flow.FileInput{{Role: document.Main, UploadID: id}},
	}, &page)
	if err != nil {
		return letter{}, err
	}
	l := letter{id: page.Document.ID, manifest: page.Manifest, blob: document.MainFile(page.Document.Files).Version.Blob}
	seen := map[string]string{"manifest": l.manifest}
	for _, act := range []func() error{
		func() error { return l.do(ctx, x.from["cv"], "submit", nil) },
		func() error { return l.do(ctx, x.from["tp"], "approve-content", seen) },
		func() error { return l.do(ctx, x.from["tt"], "approve-format", seen) },
		func() error { return l.sign(ctx, x.from) },
		func() error { return l.number(ctx, x.from) },
		func() error { return l.seal(ctx, x.from) },
	} {
		if err := x.later(ctx, act); err != nil {
			return l, err
		}
	}
	return l, nil
}

// issue issues a document once its signatures have all that they are to have.
func (x *axisBench) issue(ctx context.Context, l letter) error {
	return x.later(ctx, func() error { return l.do(ctx, x.from["vt"], "issue", nil) })
}

// later repeats what a job has to make possible first, such as the step after a timestamp.
func (x *axisBench) later(ctx context.Context, act func() error) error {
	for deadline := x.Clock().Add(2 * time.Minute); ; {
		err := act()
		var p *walk.Problem
		if !errors.As(err, &p) || p.Status != http.StatusConflict || x.Clock().After(deadline) {
			return err
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func (x *axisBench) page(ctx context.Context, l letter) (p query.OutgoingPage, err error) {
	return p, x.from["cv"].Get(ctx, "/outgoing/"+l.id, &p)
}

// reached waits until every delivery of every document is at least in a state.
func (x *axisBench) reached(ctx context.Context, want workflow.State, each time.Duration, letters ...letter) error {
	open := slices.Clone(letters)
	for deadline := x.Clock().Add(10 * time.Minute); len(open) > 0; {
		p, err := x.page(ctx, open[0])
		if err != nil {
			return err
		}
		if slices.ContainsFunc(p.Deliveries, func(d document.Delivery) bool { return workflow.CompareDelivery(d.State, want) < 0 }) {
			if x.Clock().After(deadline) {
				return fmt.Errorf("%s is not %s at every recipient after a long time", p.Document.DocumentID, want)
			}
			if err := sleep(ctx, each); err != nil {
				return err
			}
			continue
		}
		open = open[1:]
	}
	return nil
}

// single sends many documents to one recipient, whose clerk registers each as it comes.
func (x *axisBench) single(ctx context.Context) error {
	letters := make([]letter, 0, x.n.Dispatches)
	for range x.n.Dispatches {
		l, err := x.sealed(ctx, letterSize, receiverOrgan)
		if err != nil {
			return err
		}
		letters = append(letters, l)
	}
	desk, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- x.desk(desk, x.n.Dispatches) }()
	took, err := x.took(func() error {
		for _, l := range letters {
			if err := x.issue(ctx, l); err != nil {
				return err
			}
		}
		return x.reached(ctx, workflow.Acceptance, 20*time.Millisecond, letters...)
	})
	stop()
	if derr := <-ended; err == nil && !errors.Is(derr, context.Canceled) {
		err = derr
	}
	x.add(Row{
		What: "Dispatches end to end, one recipient", Unit: "/s", Measured: float64(len(letters)) / took.Seconds(),
		Note: fmt.Sprintf("%d of 100 KB in %s: issued, sent, fetched, both signatures validated, registered, 01 and 03 back", len(letters), took.Round(10*time.Millisecond)),
	})
	return err
}

// desk is the recipient's clerk, who registers n documents.
func (x *axisBench) desk(ctx context.Context, n int) error {
	for done := 0; done < n; {
		rows, err := x.waiting(ctx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Verdict == document.VerdictPending {
				continue
			}
			if err := x.to["vt"].Do(ctx, http.MethodPost, "/incoming/"+row.ID+"/register", flow.RegisterInput{}, nil); err != nil {
				return err
			}
			done++
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// waiting is the first page of what the clerk has to register.
func (x *axisBench) waiting(ctx context.Context) ([]query.Row, error) {
	var list struct {
		Rows []query.Row `json:"rows"`
	}
	return list.Rows, x.to["vt"].Get(ctx, "/incoming?box=to-register&limit=100", &list)
}

// delay times single documents from the clerk's issue to the other clerk's inbox.
func (x *axisBench) delay(ctx context.Context) error {
	var times spread
	for range x.n.Delays {
		l, err := x.sealed(ctx, letterSize, receiverOrgan)
		if err != nil {
			return err
		}
		before, err := x.waiting(ctx)
		if err != nil {
			return err
		}
		took, err := x.took(func() error {
			if err := x.issue(ctx, l); err != nil {
				return err
			}
			for deadline := x.Clock().Add(time.Minute); x.Clock().Before(deadline); {
				if rows, err := x.waiting(ctx); err != nil || len(rows) > len(before) {
					return err
				}
				if err := sleep(ctx, 5*time.Millisecond); err != nil {
					return err
				}
			}
			return errors.New("it never came")
		})
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	x.add(Row{What: "From issue to the recipient's inbox, p95", Unit: "ms", Measured: times.p(95), Note: times.String() + "; polled every 300 ms"})
	return nil
}
