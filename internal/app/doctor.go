package app

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"congvan/signing"
	"congvan/signing/augment"
	"congvan/signing/pkcs11"
	"congvan/signing/trust"
)

// Weight of a finding of the doctor.
type Weight int

// Weights.
const (
	Fine Weight = iota
	Warning
	Failure
)

// Finding is one thing the doctor looked at.
type Finding struct {
	What   string
	Found  string
	Mend   string // what to do; empty when fine
	Weight Weight
}

// Examine looks at every part of an installation without changing anything; it may run
// beside a server. host is Options.HSMHost.
func Examine(ctx context.Context, cfg Config, host []string) []Finding {
	return []Finding{
		examineData(cfg), examineDatabase(ctx, cfg), examineBlobs(cfg), examineKeys(ctx, cfg, host), examineTrust(cfg), examineLevels(ctx, cfg), examineAxis(cfg), examineJournal(ctx, cfg),
	}
}

func fine(what, found string) Finding { return Finding{What: what, Found: found} }

func failed(what string, err error, mend string) Finding {
	return Finding{What: what, Found: err.Error(), Mend: mend, Weight: Failure}
}

func examineData(cfg Config) Finding {
	info, err := os.Stat(cfg.Data)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return Finding{What: "data folder", Found: cfg.Data + " is not there yet", Mend: "it is made at the first start", Weight: Warning}
	case err != nil:
		return failed("data folder", err, "give the server's user the right to read and write it")
	case info.Mode().Perm()&0o077 != 0:
		return Finding{What: "data folder", Found: fmt.Sprintf("%s is open to others (mode %04o)", cfg.Data, info.Mode().Perm()), Mend: "chmod 700 " + cfg.Data, Weight: Failure}
	}
	return fine("data folder", cfg.Data)
}

func examineDatabase(ctx context.Context, cfg Config) Finding {
	db, err := OpenBeside(ctx, cfg, time.Now)
	if err != nil {
		return failed("database", err, "check [database] in the configuration; congvan migrate makes a new one")
	}
	defer func() { _ = db.Close() }()
	have, want, err := db.Version(ctx)
	switch {
	case err != nil:
		return failed("database", err, "congvan migrate")
	case have < want:
		return Finding{What: "database", Found: fmt.Sprintf("schema %d, this version needs %d", have, want), Mend: "congvan migrate", Weight: Failure}
	}
	return fine("database", fmt.Sprintf("%s, schema %d", cfg.Database.Driver, have))
}

func examineBlobs(cfg Config) Finding {
	if cfg.Blobs.Kind == "fs" {
		return fine("files", "folder in "+cfg.Data)
	}
	for _, f := range []string{cfg.Blobs.AccessKeyFile, cfg.Blobs.SecretKeyFile} {
		if _, err := secret(f); err != nil {
			return failed("files", err, "put the key into this file with mode 0600")
		}
	}
	return fine("files", "S3 at "+cfg.Blobs.Endpoint+", bucket "+cfg.Blobs.Bucket)
}

// examineKeys opens the module as the server would, beside it: in a process of its own where
// the server has it so.
func examineKeys(ctx context.Context, cfg Config, host []string) Finding {
	a := &App{Config: cfg, Clock: time.Now, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()}
	began := a.Clock()
	if err := a.openKeys(ctx, host); err != nil {
		return failed("keys", err, "install the token's PKCS#11 module and name it in keys.module (Debian: softhsm2)")
	}
	defer func() { _ = a.Close() }()
	tokens, err := a.Keys.Describe(ctx)
	if err != nil {
		return failed("keys", err, "check that the token is plugged in and its service runs")
	}
	where := "in the server's own process"
	if h, ok := a.Keys.(*pkcs11.Host); ok {
		where = fmt.Sprintf("in a process of its own (hsm-host %d answered after %s)", h.PID(), a.Clock().Sub(began).Round(time.Millisecond))
	}
	for _, t := range tokens {
		if t.PINLocked {
			return Finding{What: "keys", Found: fmt.Sprintf("the PIN of token %q is locked", t.Label), Mend: "have it unlocked with the security officer's PIN", Weight: Failure}
		}
	}
	return fine("keys", fmt.Sprintf("%s, %d tokens, %s", cfg.Keys.Module, len(tokens), where))
}

func examineTrust(cfg Config) Finding {
	cfg.Signing.Level = string(signing.LevelB) // what is above is examined by itself
	s, err := openSigning(cfg, time.Now, nil)
	if err != nil {
		return failed("trust", err, "name the PEM files of the pinned anchors in trust.anchors")
	}
	for _, c := range s.Trust.Anchors() {
		if time.Now().After(c.NotAfter) {
			return Finding{What: "trust", Found: c.Subject.CommonName + " has expired", Mend: "pin its successor", Weight: Failure}
		}
	}
	if len(cfg.Trust.CRLs) == 0 {
		return Finding{What: "trust", Found: "no revocation lists", Mend: "name them in trust.crls; without an answer no signature is VALID", Weight: Warning}
	}
	for _, f := range cfg.Trust.CRLs {
		next, err := nextUpdate(f)
		if err != nil {
			return failed("trust", err, "fetch the list again")
		}
		if time.Now().After(next) {
			return Finding{What: "trust", Found: f + " is out of date since " + next.Format(time.RFC3339), Mend: "fetch it again; until then verdicts are UNKNOWN", Weight: Failure}
		}
	}
	return fine("trust", fmt.Sprintf("%d anchors, %d revocation lists", len(s.Trust.Anchors()), len(cfg.Trust.CRLs)))
}

// nextUpdate is when a revocation list goes out of date.
func nextUpdate(file string) (time.Time, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, err
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	list, err := x509.ParseRevocationList(b)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", file, err)
	}
	return list.NextUpdate, nil
}

// examineLevels has every timestamp server make a token and looks whether it would be used.
func examineLevels(ctx context.Context, cfg Config) Finding {
	level := cfg.Signing.Level
	if !signing.Level(level).Reaches(signing.LevelT) {
		return fine("signature level", level+": signatures carry no timestamps (demonstration alone)")
	}
	if _, err := trust.ReadCertificates(cfg.Trust.Anchors...); err != nil || len(cfg.Trust.Anchors) == 0 {
		return Finding{What: "signature level", Found: level + ": not examined, there is nobody to believe", Mend: "mend trust first", Weight: Warning}
	}
	s, err := openSigning(cfg, time.Now, nil)
	if err != nil {
		return failed("signature level", err, "name the addresses of timestamp servers in trust.tsa; their authority must be under trust.anchors")
	}
	servers, err := timestampServers(cfg.Trust.TSA, nil)
	if err != nil {
		return failed("signature level", err, "mend the address in trust.tsa")
	}
	var bad []error
	for i, server := range servers {
		if err := probe(ctx, s, server); err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", cfg.Trust.TSA[i], err))
		}
	}
	f := fine("signature level", fmt.Sprintf("%s, %d timestamp servers, grace %s", level, len(servers), cfg.Signing.Grace()))
	if len(bad) > 0 {
		f = failed("signature level", errors.Join(bad...), "check trust.tsa, the way to the server and that its authority is under trust.anchors; documents wait for their timestamps meanwhile")
	}
	if len(bad) > 0 && len(bad) < len(servers) {
		f.Weight = Warning
	}
	return f
}

// probe asks one server for a timestamp over nothing of worth.
func probe(ctx context.Context, s *Signing, server augment.TSA) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	sum := sha256.Sum256([]byte("congvan doctor"))
	t, err := server.Timestamp(ctx, sum[:], crypto.SHA256)
	if err != nil {
		return err
	}
	_, err = s.Trust.Path(ctx, t.Certificate, t.Certificates, t.Time)
	return err
}

func examineAxis(cfg Config) Finding {
	if cfg.Axis.Endpoint == "" {
		return Finding{What: "axis", Found: "not configured: documents go to agencies of this installation only", Weight: Fine}
	}
	if _, err := secret(cfg.Axis.SecretFile); err != nil {
		return failed("axis", err, "put the axis's secret into this file with mode 0600")
	}
	return fine("axis", cfg.Axis.Endpoint)
}

func examineJournal(ctx context.Context, cfg Config) Finding {
	rep, err := VerifyJournal(ctx, cfg)
	switch {
	case err != nil:
		return failed("journal", err, "congvan journal verify tells more")
	case !rep.OK():
		return Finding{What: "journal", Found: fmt.Sprintf("%d findings", rep.Total), Mend: "congvan journal verify lists them; keep the database and the checkpoint file as evidence", Weight: Failure}
	}
	return fine("journal", fmt.Sprintf("%d entries intact, covered up to %d", rep.Rows, rep.Covered))
}
