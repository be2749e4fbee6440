// Package bench measures speed and memory of the embedded default (SQLite, files in a
// folder, SoftHSM2, demonstration certificates) in a folder of its own, and prints one
// table: what was measured beside its limit, and what the machine itself took in the same
// run. Nothing here is a test of time: a slow machine makes a row "over", not an error.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"congvan/internal/walk"
	"congvan/storage/storagetest/s3server"
)

// Options of Run.
type Options struct {
	Congvan  string    // this program's binary
	Dir      string    // empty folder; everything is made in it, nothing is removed
	Samples  string    // folder with the sample PDFs
	Quick    bool      // tiny counts: shows that everything runs, measures little
	Progress io.Writer // a line when a part begins
	Clock    func() time.Time
	Rand     io.Reader // makes the test certificates
}

// size is how much of everything is done.
type size struct {
	Documents int           // outgoing ones, and as many incoming
	Numbers   int           // given by 8 writers
	Signed    int           // signing requests
	Counted   int           // signing requests whose fsyncs are counted
	Reads     int           // of each list and page
	Depth     int           // pages of 100 turned before a deep one is measured
	Starts    int           // of the server
	Settle    time.Duration // before idle memory is read
	Pause     time.Duration // lets the jobs of one act end before the fsyncs of the next are counted
	Large     int64         // bytes of the large PDF
}

func (o Options) size() size {
	if o.Quick {
		return size{
			Documents: 120, Numbers: 40, Signed: 3, Counted: 1, Reads: 5, Depth: 1, Starts: 1,
			Settle: 300 * time.Millisecond, Pause: 300 * time.Millisecond, Large: 8 << 20,
		}
	}
	return size{
		Documents: 10_000, Numbers: 4_000, Signed: 100, Counted: 7, Reads: 200, Depth: 50, Starts: 5,
		Settle: 5 * time.Second, Pause: 1500 * time.Millisecond, Large: 200 << 20,
	}
}

// bench is a run under way.
type bench struct {
	Options
	size
	site      site
	authority *walk.Authority // runs in this process

	made   int    // letters, each a byte longer than the last
	fsyncs perAct // counted in this run
	rows   []Row
}

// Run measures everything and returns the table. An error means that something could not be
// done at all; what is only slow or large is told in its row. Every process started is
// stopped before it returns.
func Run(ctx context.Context, o Options) (Table, error) {
	b := &bench{Options: o, size: o.size()}
	defer func() {
		if b.authority != nil {
			b.authority.Stop()
		}
	}()
	began := o.Clock()
	for _, part := range []struct {
		say string
		run func(context.Context) error
	}{
		{"preparing an installation with invented agencies and test certificates", b.prepare},
		{"numbering", b.numbering},
		{"counting the fsyncs of a signature", b.countFsyncs},
		{"starting the server", b.starting},
		{"signing", b.signing},
		{"reading lists and documents", b.reading},
		{"a large PDF on fs", b.largeOnFS},
		{"a large PDF on S3", b.largeOnS3},
	} {
		_, _ = fmt.Fprintf(o.Progress, "%s…\n", part.say)
		if err := part.run(ctx); err != nil {
			return Table{}, fmt.Errorf("%s: %w", part.say, err)
		}
	}
	load, _ := os.ReadFile("/proc/loadavg") // for the reader of the table; empty elsewhere
	return Table{Began: began, Took: o.Clock().Sub(began), Machine: machine(string(load)), Rows: b.rows}, nil
}

// largeOnS3 tells plainly that there is no S3 server rather than leaving the rows out.
func (b *bench) largeOnS3(ctx context.Context) error {
	binary, err := s3server.Find()
	if err != nil {
		for _, what := range largeRows("S3") {
			b.add(Row{What: what, Unit: "MB", Limit: growthLimit, Missing: err.Error()})
		}
		return nil
	}
	env, stop, err := b.site.startS3(ctx, binary)
	if err != nil {
		return err
	}
	defer stop()
	return b.large(ctx, "S3", env...)
}

func (b *bench) largeOnFS(ctx context.Context) error { return b.large(ctx, "fs") }

func (b *bench) add(r Row) { b.rows = append(b.rows, r) }

// took is how long fn ran.
func (b *bench) took(fn func() error) (time.Duration, error) {
	began := b.Clock()
	err := fn()
	return b.Clock().Sub(began), err
}
