package bench

import (
	"bufio"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// timesPeers is how many times as fast as a peer issue 3 wants the validator.
const timesPeers = 5

// peer is a program of other hands that does the same, as scripts/setup installs it for
// `make interop`; test/interop tells its command line.
type peer struct {
	name string
	path string
	warm int // files until it runs at its full speed
}

func (s *stand) peers() []peer {
	dir := os.Getenv("CONGVAN_INTEROP")
	if dir == "" {
		dir = filepath.Join(".tools", "interop")
	}
	return []peer{{"pyHanko", filepath.Join(dir, "pyhanko"), 2}, {"EU DSS", filepath.Join(dir, "dss"), 60}}
}

func (p peer) missing() string {
	if _, err := os.Stat(p.path); err != nil {
		return "not installed (scripts/setup)"
	}
	return ""
}

// judge has a peer judge a file again and again in several processes at once, and returns
// how many a second all of them did. Each goes through it once before it is counted.
func (s *stand) judge(ctx context.Context, p peer, processes int, file string) (float64, error) {
	args := []string{"bench", "--trust", s.pki.RootFile}
	for _, list := range s.pki.CRLFiles {
		args = append(args, "--crl", list)
	}
	copies := p.warm // so that the pass that is not counted warms up
	if s.Quick {
		copies = 1
	}
	args = append(append(args, "--rounds", "2"), slices.Repeat([]string{file}, copies)...)
	rates, failed := make([]float64, processes), make([]error, processes)
	var group sync.WaitGroup
	for i := range processes {
		group.Go(func() {
			out, err := exec.CommandContext(ctx, p.path, args...).Output() //nolint:gosec // the peer that scripts/setup installed
			if err != nil {
				var ended *exec.ExitError
				if errors.As(err, &ended) {
					err = fmt.Errorf("%w: %.200s", err, ended.Stderr)
				}
				failed[i] = fmt.Errorf("%s: %w", p.name, err)
				return
			}
			var answer struct {
				Files, Passed int
				Seconds       float64
			}
			if err := json.Unmarshal(out, &answer); err != nil || answer.Seconds <= 0 || answer.Passed != answer.Files {
				failed[i] = fmt.Errorf("%s passed %d of %d files: %w", p.name, answer.Passed, answer.Files, errors.Join(err))
				return
			}
			rates[i] = float64(answer.Files) / answer.Seconds
		})
	}
	group.Wait()
	sum := 0.0
	for _, r := range rates {
		sum += r
	}
	return sum, failed[0]
}

// judgedByPeers adds what the peers do with the same file, and how many times as fast ours
// is, each with as many processes as ours has workers.
func (s *stand) judgedByPeers(ctx context.Context, ours float64, workers int, file string) {
	for _, p := range s.peers() {
		theirs := Row{What: fmt.Sprintf("The same file judged by %s, %d processes", p.name, workers), Unit: "/s", Missing: p.missing()}
		times := Row{What: "Times as fast as " + p.name, Unit: "×", AtLeast: true, Limit: timesPeers, Missing: p.missing()}
		if theirs.Missing == "" {
			s.say("files judged by %s", p.name)
			rate, err := s.judge(ctx, p, workers, file)
			if err == nil {
				theirs.Measured, times.Measured = rate, ours/rate
			} else {
				theirs.Missing, times.Missing = err.Error(), err.Error()
			}
		}
		s.add(theirs)
		s.add(times)
	}
}

// signedByPeers adds how the peers sign the same files: with a key in a file, one process,
// the whole result written.
func (s *stand) signedByPeers(ctx context.Context, sizes []int64, each time.Duration) error {
	key, chain, err := s.fileKey()
	if err != nil {
		return err
	}
	for _, p := range s.peers() {
		rows := make([]Row, len(sizes))
		for i, size := range sizes {
			rows[i] = Row{What: fmt.Sprintf("Documents of %s signed by %s, one process", sizeName(size), p.name), Unit: "/s", Missing: p.missing(), Note: "key in a file, the result written"}
		}
		if p.missing() == "" {
			s.say("documents signed by %s", p.name)
			if err := s.signedBy(ctx, p, key, chain, sizes, each, rows); err != nil {
				for i := range rows {
					rows[i].Missing = err.Error()
				}
			}
		}
		s.rows = append(s.rows, rows...)
	}
	return nil
}

func (s *stand) signedBy(ctx context.Context, p peer, key, chain string, sizes []int64, each time.Duration, rows []Row) (err error) {
	cmd := exec.CommandContext(ctx, p.path, "serve", "--trust", chain) //nolint:gosec // the peer that scripts/setup installed
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close(), cmd.Wait()) }()
	answers := bufio.NewReader(out)
	for i, size := range sizes {
		f, err := s.sample("peer", size)
		if err != nil {
			return err
		}
		job, err := json.Marshal(map[string]any{
			"do": "sign", "in": f.Name(), "out": filepath.Join(s.Dir, "peer-signed.pdf"), "key": key, "chain": chain, "trust": chain,
			"level": "B-B", "digest": "SHA256",
		})
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		one := func() error { return answered(p, in, answers, append(job, '\n')) }
		for range min(5, p.warm) { // what is not counted warms up
			if err := one(); err != nil {
				return err
			}
		}
		done, began := 0, s.Clock()
		for s.Clock().Sub(began) < each {
			if err := one(); err != nil {
				return err
			}
			done++
		}
		rows[i].Measured = float64(done) / s.Clock().Sub(began).Seconds()
	}
	return nil
}

func answered(p peer, in io.Writer, answers *bufio.Reader, job []byte) error {
	if _, err := in.Write(job); err != nil {
		return err
	}
	line, err := answers.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	var answer struct{ Error string }
	if err := json.Unmarshal(line, &answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return fmt.Errorf("%s: %s", p.name, answer.Error)
	}
	return nil
}

// fileKey makes an RSA-2048 key and a certificate of its own for it, as PEM files.
func (s *stand) fileKey() (keyFile, certFile string, err error) {
	key, err := rsa.GenerateKey(s.Rand, 2048)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Người đo thử nghiệm"}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		NotBefore: s.Clock().Add(-time.Hour), NotAfter: s.Clock().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(s.Rand, template, template, key.Public(), key)
	if err != nil {
		return "", "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	keyFile, certFile = filepath.Join(s.Dir, "peer.key"), filepath.Join(s.Dir, "peer.pem")
	return keyFile, certFile, errors.Join(
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
}
