package bench

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"congvan/internal/demo/pki"
	"congvan/internal/testpdf"
	"congvan/signing"
	"congvan/signing/pades"
	"congvan/signing/trust"
	"congvan/signing/validation"
)

// EngineOptions of RunSign and RunVerify, which measure the signing engine alone: no
// server, no database, RSA-2048 keys in a SoftHSM2 token, test certificates.
type EngineOptions struct {
	Dir      string // empty folder; everything is made in it, nothing is removed
	Samples  string // folder with the sample PDFs
	Quick    bool   // shows that everything runs, measures little
	Progress io.Writer
	Clock    func() time.Time
	Rand     io.Reader
	Host     []string // command line of the process that runs a PKCS#11 module
}

// stand is where the engine is measured.
type stand struct {
	EngineOptions
	pki    *pki.PKI
	leader signing.Credential
	agency signing.Credential
	engine *pades.Engine
	rows   []Row
}

const (
	standPIN    = "135790"
	standLeader = "bench-leader"
	standAgency = "bench-agency"
)

func newStand(ctx context.Context, o EngineOptions) (*stand, error) {
	s := &stand{EngineOptions: o, engine: pades.New(pades.Options{})}
	var err error
	s.pki, err = pki.Ensure(ctx, pki.Options{
		Dir: s.pkiDir(), Clock: o.Clock, Rand: o.Rand, Authority: "Cơ quan chứng thực trình diễn",
		Persons:  []pki.Subject{{ID: standLeader, Name: "Nguyễn Văn Đo", Agency: "Sở Đo lường thử nghiệm", OrganID: "H99.14", PIN: standPIN}},
		Agencies: []pki.Subject{{ID: standAgency, Name: "Sở Đo lường thử nghiệm", OrganID: "H99.14"}},
	})
	if err != nil {
		return nil, err
	}
	s.leader, s.agency = s.pki.Persons[standLeader], s.pki.Agencies[standAgency]
	return s, nil
}

func (s *stand) pkiDir() string { return filepath.Join(s.Dir, "pki") }

func (s *stand) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Progress, format+"…\n", args...)
}

func (s *stand) table(began time.Time) Table {
	load, _ := os.ReadFile("/proc/loadavg")
	return Table{Began: began, Took: s.Clock().Sub(began), Machine: machine(string(load)), Rows: s.rows}
}

func (s *stand) add(r Row) { s.rows = append(s.rows, r) }

// sample is a letter grown to a size.
type sample struct {
	*os.File
	size int64
}

func (s *stand) sample(name string, size int64) (sample, error) {
	base, err := os.ReadFile(filepath.Join(s.Samples, "cong-van-1.pdf"))
	if err != nil {
		return sample{}, fmt.Errorf("samples: %w", err)
	}
	f, err := os.Create(filepath.Join(s.Dir, name+".pdf"))
	if err != nil {
		return sample{}, err
	}
	if err := testpdf.Big(f, bytes.NewReader(base), int64(len(base)), size); err != nil {
		return sample{}, errors.Join(err, f.Close())
	}
	return sample{f, size}, nil
}

// sign adds one signature in memory and returns the update.
func (s *stand) sign(ctx context.Context, keys signing.Keys, f signing.File, r signing.Request, c signing.Credential, pin []byte) ([]byte, error) {
	p, err := s.engine.Prepare(ctx, f, r)
	if err != nil {
		return nil, err
	}
	cms, err := s.engine.BuildCMS(ctx, p.Digest, c, keys, signing.SignOptions{Hash: crypto.SHA256, PIN: pin})
	if err != nil {
		return nil, err
	}
	return p.Complete(cms)
}

func (s *stand) request(field string, look signing.Appearance) signing.Request {
	return signing.Request{
		Field: field, Name: "Sở Đo lường thử nghiệm", Reason: "Ban hành văn bản", Time: s.Clock(), Appearance: look,
		Place: signing.Place{Page: 1, X: 100, Y: 200, W: 36, H: 36},
	}
}

// validator believes the test authority and has its revocation lists at hand.
func (s *stand) validator() (*validation.Validator, error) {
	anchors, err := trust.ReadCertificates(s.pki.RootFile)
	if err != nil {
		return nil, err
	}
	store, err := trust.New(trust.Options{Anchors: anchors, CRLFiles: s.pki.CRLFiles, Clock: s.Clock})
	if err != nil {
		return nil, err
	}
	return validation.New(validation.Options{Trust: store, Clock: s.Clock}), nil
}

// good has a file judged, so that no figure is of something that is no signature.
func (s *stand) good(ctx context.Context, f signing.File, signatures int) error {
	v, err := s.validator()
	if err != nil {
		return err
	}
	r, err := v.Validate(ctx, f, s.Clock())
	if err != nil {
		return err
	}
	if r.Verdict != signing.Valid || len(r.Signatures) != signatures {
		return fmt.Errorf("what was signed is %s %v with %d signatures", r.Verdict, r.Reasons, len(r.Signatures))
	}
	return nil
}

// turns say how long and how often something is done.
type turns struct {
	rounds int
	each   time.Duration
}

// race has n workers do something side by side for a time, each of them at least once. It
// returns how many a second.
func (s *stand) race(ctx context.Context, n int, last time.Duration, do func(context.Context) error) (done int64, took time.Duration, err error) {
	var count atomic.Int64
	var group sync.WaitGroup
	failed := make([]error, n)
	began := s.Clock()
	for i := range n {
		group.Go(func() {
			for first := true; failed[i] == nil && (first || s.Clock().Sub(began) < last); first = false {
				if failed[i] = do(ctx); failed[i] == nil {
					count.Add(1)
				}
			}
		})
	}
	group.Wait()
	return count.Load(), s.Clock().Sub(began), errors.Join(failed...)
}

// compare measures several ways in turns, so that all meet the same machine, and returns
// how often a second each was done. A first turn, not counted, opens sessions and files.
func (s *stand) compare(ctx context.Context, n int, in turns, ways ...func(context.Context) error) ([]float64, error) {
	done, took := make([]int64, len(ways)), make([]time.Duration, len(ways))
	if in.each > 0 {
		for _, way := range ways {
			if _, _, err := s.race(ctx, n, 0, way); err != nil {
				return nil, err
			}
		}
	}
	for range in.rounds {
		for i, way := range ways {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			d, t, err := s.race(ctx, n, in.each, way)
			if err != nil {
				return nil, err
			}
			done[i], took[i] = done[i]+d, took[i]+t
		}
	}
	rates := make([]float64, len(ways))
	for i := range rates {
		rates[i] = float64(done[i]) / took[i].Seconds()
	}
	return rates, nil
}

// appended reads a file and what was appended to it as one.
type appended struct {
	base io.ReaderAt
	size int64
	tail []byte
}

func (a appended) file() signing.File {
	return signing.File{R: a, Size: a.size + int64(len(a.tail))}
}

func (a appended) ReadAt(p []byte, off int64) (n int, err error) {
	if off < a.size {
		want := min(int64(len(p)), a.size-off)
		if n, err = a.base.ReadAt(p[:want], off); int64(n) < want {
			return n, err
		}
	}
	if n == len(p) {
		return n, nil
	}
	m, err := bytes.NewReader(a.tail).ReadAt(p[n:], off+int64(n)-a.size)
	return n + m, err
}
