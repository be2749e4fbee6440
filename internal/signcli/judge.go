package signcli

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"congvan/signing"
	"congvan/signing/trust"
	"congvan/signing/validation"
)

func checker(t validation.Trust, clock func() time.Time) *validation.Validator {
	return validation.New(validation.Options{Trust: t, Clock: clock})
}

// judge reads the whole result again and lets the validator say whether it is what was
// asked for.
func (j *job) judge(ctx context.Context) (*signing.Report, error) {
	believed, err := j.believed()
	if err != nil {
		return nil, err
	}
	report, err := checker(believed, j.Clock).Validate(ctx, j.file(), j.Clock())
	if err != nil {
		return nil, err
	}
	report.File = j.Out
	i := slices.IndexFunc(report.Signatures, func(s signing.SignatureReport) bool { return s.Field == j.Request.Field })
	if i < 0 {
		return nil, fmt.Errorf("%w: it does not find the signature: %s %v", ErrRejected, report.Verdict, report.Reasons)
	}
	own := report.Signatures[i]
	switch {
	case report.Verdict == signing.Invalid, own.Integrity != "intact", own.ChangesAft == "forbidden",
		own.Verdict == signing.Expired, own.Verdict == signing.Revoked, len(j.Trust) > 0 && own.Verdict != signing.Valid:
		return nil, fmt.Errorf("%w: file %s %v, signature %s %v %v", ErrRejected, report.Verdict, report.Reasons, own.Verdict, own.Reasons, own.Changes)
	case !signing.Level(own.Level).Reaches(j.Level): // more, where the file held evidence before
		return nil, fmt.Errorf("%w: %s instead of %s: %v", ErrLevel, own.Level, j.Level, own.Reasons)
	}
	return report, nil
}

// believed is whom the judge trusts: the anchors given, else, where the level needs a
// path, the roots above the certificates themselves. Long-term levels are judged
// without a network: what is in the file must be enough.
func (j *job) believed() (validation.Trust, error) {
	if j.Level == LevelB && len(j.Trust) == 0 {
		return nil, nil
	}
	var hosts []string
	if len(j.Trust) > 0 && !j.Level.Reaches(LevelLT) {
		hosts = hostsOf(j.known())
	}
	store, err := j.store(hosts)
	if err != nil {
		return nil, err
	}
	if j.Level == LevelT && len(j.Trust) == 0 {
		return unasked{store}, nil
	}
	return store, nil
}

// unasked takes an unknown revocation for good: a B-T signature made without anchors
// states no more than that its parts fit together.
type unasked struct{ *trust.Store }

func (u unasked) Revocation(ctx context.Context, c, issuer *x509.Certificate, at time.Time, ev trust.Evidence) (trust.Revocation, error) {
	r, err := u.Store.Revocation(ctx, c, issuer, at, ev)
	if r.Status == trust.Unknown {
		r.Status = trust.Good
	}
	return r, err
}

// known are all certificates that came with the signature and its timestamp.
func (j *job) known() []*x509.Certificate {
	out := slices.Clone(j.chain)
	if j.token != nil {
		out = append(out, j.token.Certificates...)
	}
	return out
}

// store believes the anchors given or, without, the tops of the signer's and of the
// timestamp's chain.
func (j *job) store(hosts []string) (*trust.Store, error) {
	known := j.known()
	if len(j.Trust) > 0 {
		return openTrust(j.Trust, known, hosts, j.Clock, j.Warn)
	}
	fetch, err := fetcher(hosts, j.Clock)
	if err != nil {
		return nil, err
	}
	return trust.New(trust.Options{Anchors: tops(known), Intermediates: known, Fetcher: fetch, Clock: j.Clock})
}

// tops are the certificates that no other one of the list issued.
func tops(certs []*x509.Certificate) []*x509.Certificate {
	return slices.DeleteFunc(slices.Clone(certs), func(c *x509.Certificate) bool {
		return slices.ContainsFunc(certs, func(issuer *x509.Certificate) bool {
			return !issuer.Equal(c) && issued(issuer, c)
		})
	})
}

func issued(issuer, c *x509.Certificate) bool {
	return bytes.Equal(issuer.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(issuer) == nil
}

// material gathers the long-term data of signer and timestamp.
func (j *job) material(ctx context.Context) (trust.Evidence, error) {
	var all trust.Evidence
	if len(j.Trust) == 0 {
		if err := j.climb(ctx); err != nil {
			return all, err
		}
	}
	known := j.known()
	store, err := j.store(hostsOf(known))
	if err != nil {
		return all, err
	}
	for _, leaf := range []*x509.Certificate{j.chain[0], j.token.Certificate} {
		m, err := store.Material(ctx, leaf, known, j.token.Time)
		if err != nil {
			return all, fmt.Errorf("%w: %s: %w", ErrLevel, j.Level, err)
		}
		all.Certificates = append(all.Certificates, m.Certificates...)
		all.OCSP = append(all.OCSP, m.OCSP...)
		all.CRLs = append(all.CRLs, m.CRLs...)
	}
	return all, nil
}

// climb fetches what is missing between the certificates at hand and their roots: a
// reader who pins the root needs an answer about every certificate below it.
func (j *job) climb(ctx context.Context) error {
	for range 8 {
		known := j.known()
		open := slices.DeleteFunc(tops(known), func(c *x509.Certificate) bool { return c.CheckSignatureFrom(c) == nil })
		if len(open) == 0 {
			return nil
		}
		issuer, err := j.issuer(ctx, open[0])
		if err != nil {
			return fmt.Errorf("%w: %s: %w: %w", ErrLevel, j.Level, errNoRoot, err)
		}
		j.chain = append(slices.Clone(j.chain), issuer)
	}
	return fmt.Errorf("%w: %s: %w", ErrLevel, j.Level, errNoRoot)
}

// issuer fetches the certificate above c from the addresses in c.
func (j *job) issuer(ctx context.Context, c *x509.Certificate) (*x509.Certificate, error) {
	fetch, err := fetcher(hostsOf([]*x509.Certificate{c}), j.Clock)
	if err != nil {
		return nil, err
	}
	err = fmt.Errorf("%q names no address of its issuer", c.Subject.CommonName)
	for _, address := range c.IssuingCertificateURL {
		var der []byte
		if der, err = fetch.Fetch(ctx, trust.Request{URL: address, Limit: 64 << 10}); err != nil {
			continue
		}
		var found *x509.Certificate
		if found, err = x509.ParseCertificate(der); err != nil {
			continue
		}
		if issued(found, c) {
			return found, nil
		}
		err = errors.New(address + " gives another certificate")
	}
	return nil, err
}

// hostsOf are the hosts named in certificates that the signer chose: only these are
// asked, and only for what the level asked for needs.
func hostsOf(certs []*x509.Certificate) []string {
	var out []string
	for _, c := range certs {
		for _, address := range slices.Concat(c.OCSPServer, c.CRLDistributionPoints, c.IssuingCertificateURL) {
			if u, err := url.Parse(address); err == nil && u.Host != "" && !slices.Contains(out, u.Host) {
				out = append(out, u.Host)
			}
		}
	}
	return out
}

// write puts the result at Out in one step: a whole file or none.
func (j *job) write() (err error) {
	out, err := os.CreateTemp(filepath.Dir(j.Out), "."+filepath.Base(j.Out)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = out.Close()
			_ = os.Remove(out.Name())
		}
	}()
	result := j.file()
	if _, err := io.Copy(out, io.NewSectionReader(result.R, 0, result.Size)); err != nil {
		return err
	}
	if err := out.Chmod(j.input.mode); err != nil { // as open or closed as the input
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Rename(out.Name(), j.Out)
}
