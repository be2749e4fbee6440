// Package signcli is the work behind `congvan sign` and `congvan verify`: the signing
// module applied to files on disk, without an installation. Commands read their flags
// and call it; it knows nothing of agencies or flows.
package signcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"congvan/signing"
	"congvan/signing/trust"
	"congvan/signing/validation"
)

// DefaultBudget is the time that one file may cost.
const DefaultBudget = 2 * time.Minute

// VerifyOptions of NewVerifier.
type VerifyOptions struct {
	Trust  []string // PEM or DER files, or folders of them; none: nobody is trusted
	Hosts  []string // that may be asked for OCSP, CRLs and issuers; none: no network
	At     time.Time
	Budget time.Duration // of one file; 0 means DefaultBudget
	// Evidence is a folder that receives what each verdict stood on and the anchors it
	// relied on: given as Trust it repeats the verdict offline. "": nothing is written.
	Evidence string
	Clock    func() time.Time
	Warn     io.Writer // what a person should know beside the reports
}

// Verifier judges files. It is safe for concurrent use.
type Verifier struct {
	validator signing.Validator
	options   VerifyOptions
}

// NewVerifier reads the anchors. An error is one of the options.
func NewVerifier(o VerifyOptions) (*Verifier, error) {
	if o.Budget == 0 {
		o.Budget = DefaultBudget
	}
	v := &Verifier{options: o}
	believed := validation.Options{Clock: o.Clock}
	if len(o.Trust) > 0 {
		store, err := openTrust(o.Trust, nil, o.Hosts, o.Clock, o.Warn)
		if err != nil {
			return nil, err
		}
		believed.Trust = store
	}
	v.validator = validation.New(believed)
	return v, nil
}

// File judges one file. It always answers: what cannot be opened or costs more than the
// budget is UNREADABLE. The error is the context's, or tells that evidence could not be
// written.
func (v *Verifier) File(ctx context.Context, path string) (*signing.Report, error) {
	f, err := openFile(path)
	if err != nil {
		_, _ = fmt.Fprintln(v.options.Warn, err)
		return unreadable(path, validation.ReasonUnavailable), ctx.Err()
	}
	defer f.Close()
	report, err := v.validate(ctx, f)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil { // the budget is all that is left
		report = unreadable(path, validation.ReasonResourceLimit)
	}
	report.File = path
	if v.options.Evidence != "" && report.Evidence != nil {
		if err := writeEvidence(v.options.Evidence, report); err != nil {
			return nil, fmt.Errorf("--evidence: %w", err)
		}
	}
	return report, nil
}

// validate keeps what goes wrong with one file away from the reports on others.
func (v *Verifier) validate(ctx context.Context, f *file) (report *signing.Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, v.options.Budget)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			_, _ = fmt.Fprintf(v.options.Warn, "%s: the validator failed, please report this file: %v\n%s", f.Name(), p, debug.Stack())
			report, err = unreadable(f.Name(), validation.ReasonDamaged), nil
		}
	}()
	return v.validator.Validate(ctx, f.signing(), v.options.At)
}

func unreadable(path, reason string) *signing.Report {
	return &signing.Report{File: path, Verdict: signing.Unreadable, Reasons: []string{reason}}
}

// file is an open regular file.
type file struct {
	*os.File
	size int64
	mode os.FileMode // permissions
}

// openFile opens a file for reading by range; a folder, pipe or device is refused, since
// reading it may never end.
func openFile(path string) (*file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &file{f, info.Size(), info.Mode().Perm()}, nil
}

func (f *file) signing() signing.File { return signing.File{R: f.File, Size: f.size} }

// Exit codes of verify.
const (
	ExitValid   = 0  // every file is VALID
	ExitInvalid = 1  // at least one is INVALID, EXPIRED or REVOKED
	ExitUnknown = 2  // anything else
	ExitUsage   = 64 // the command was called wrongly
)

// ExitCode is what verify ends with for the verdicts of its files.
func ExitCode(verdicts ...signing.Verdict) int {
	code := ExitValid
	for _, v := range verdicts {
		switch v {
		case signing.Invalid, signing.Expired, signing.Revoked:
			return ExitInvalid
		case signing.Valid:
		default:
			code = ExitUnknown
		}
	}
	return code
}

var _ validation.Trust = (*trust.Store)(nil)
