package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"congvan/signing"
	"congvan/signing/pkcs11"
)

const verifyLimit = 200 // files a second on two cores

// RunVerify measures validation of a file of 1 MB with the leader's and the agency's
// signature, as a letter has them: all checks, revocation from lists at hand.
func RunVerify(ctx context.Context, o EngineOptions) (Table, error) {
	began := o.Clock()
	s, err := newStand(ctx, o)
	if err != nil {
		return Table{}, err
	}
	f, err := s.letter(ctx)
	if err != nil {
		return Table{}, err
	}
	defer func() { _ = f.Close() }()
	file := signing.File{R: f, Size: f.size}
	if err := s.good(ctx, file, 2); err != nil {
		return Table{}, err
	}
	v, err := s.validator()
	if err != nil {
		return Table{}, err
	}
	check := func(ctx context.Context) error {
		r, err := v.Validate(ctx, file, s.Clock())
		if err == nil && r.Verdict != signing.Valid {
			err = fmt.Errorf("the file is %s %v", r.Verdict, r.Reasons)
		}
		return err
	}
	in := turns{4, time.Second}
	if o.Quick {
		in = turns{1, 200 * time.Millisecond}
	}
	ours := 0.0 // with as many workers as the peers get processes
	for _, n := range []int{1, 2, 8} {
		s.say("files judged by %d workers", n)
		rates, err := s.compare(ctx, n, in, check)
		if err != nil {
			return Table{}, err
		}
		r := Row{What: fmt.Sprintf("Files of 1 MB with two signatures judged, %d workers", n), Unit: "/s", Measured: rates[0]}
		if n == 2 {
			r.AtLeast, r.Limit, ours = true, verifyLimit, rates[0]
		}
		s.add(r)
	}
	idle, peak, err := risen(func() error { return check(ctx) })
	if err != nil {
		return Table{}, err
	}
	s.add(Row{What: "Growth of memory (RSS) while one is judged", Unit: "MB", Measured: max(0, peak-idle), Note: fmt.Sprintf("idle %s, peak %s", figure(idle), figure(peak))})
	s.judgedByPeers(ctx, ours, 2, f.Name())
	return s.table(began), nil
}

// letter is a file of 1 MB with two signatures.
func (s *stand) letter(ctx context.Context) (_ sample, err error) {
	keys, err := pkcs11.Open(pkcs11.Options{Module: s.pki.Module, Env: s.pki.Env, Sessions: 1, Clock: s.Clock})
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	f, err := s.sample("letter", 1000*1000)
	if err != nil {
		return sample{}, err
	}
	for _, signer := range []struct {
		field      string
		credential signing.Credential
		pin        []byte
	}{{"Leader", s.leader, []byte(standPIN)}, {"Seal", s.agency, nil}} {
		tail, err := s.sign(ctx, keys, signing.File{R: f, Size: f.size}, s.request(signer.field, signing.Appearance{}), signer.credential, signer.pin)
		if err == nil {
			_, err = f.Seek(0, io.SeekEnd)
		}
		if err == nil {
			_, err = f.Write(tail)
		}
		if err != nil {
			return sample{}, errors.Join(err, f.Close())
		}
		f.size += int64(len(tail))
	}
	return f, nil
}

// risen runs fn and returns this process's memory before, and its peak meanwhile, in MB.
func risen(fn func() error) (idle, peak float64, err error) {
	if idle, err = memoryOf(os.Getpid(), "VmRSS"); err != nil {
		return 0, 0, err
	}
	if err := forgetPeakOf(os.Getpid()); err != nil {
		return 0, 0, err
	}
	if err := fn(); err != nil {
		return 0, 0, err
	}
	peak, err = memoryOf(os.Getpid(), "VmHWM")
	return idle, peak, err
}
