package app

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"congvan/internal/journal"
)

// checkpointEvery is how often the journal's head is signed; it is signed at stop as well.
const checkpointEvery = time.Minute

// checkpoints signs the head of the journal now and then, so that nobody who can write the
// database can rewrite the past unnoticed.
func (a *App) checkpoints(ctx context.Context) {
	every(ctx, checkpointEvery, func() {
		if err := a.checkpoint(ctx); err != nil && ctx.Err() == nil {
			a.Log.Error("journal checkpoint", "error", err)
		}
	})
}

// checkpoint appends the signed head to the checkpoint file.
func (a *App) checkpoint(ctx context.Context) error {
	head, err := a.Store.JournalHead(ctx)
	if err != nil || head.Size == 0 {
		return err
	}
	key, err := journalKey(a.Config.Journal.KeyFile)
	if err != nil {
		return err
	}
	c, err := journal.SignCheckpoint(key, head, a.Clock())
	if err != nil {
		return err
	}
	return appendLine(a.Config.Journal.CheckpointFile, c.Line())
}

// journalKey reads the checkpoint key, and makes it on the first run.
func journalKey(path string) (ed25519.PrivateKey, error) {
	key, err := readJournalKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeJournalKey(path)
	}
	return key, err
}

func readJournalKey(path string) (ed25519.PrivateKey, error) {
	text, err := secret(path)
	if err != nil {
		return nil, fmt.Errorf("journal.key_file: %w", err)
	}
	b, _ := pem.Decode([]byte(text + "\n"))
	if b == nil {
		return nil, fmt.Errorf("journal.key_file %s: no PEM block", path)
	}
	k, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		return nil, fmt.Errorf("journal.key_file %s: %w", path, err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("journal.key_file %s: not an Ed25519 key", path)
	}
	return key, nil
}

func makeJournalKey(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// appendLine adds one line and waits for the disk. A line that a crash tore is ended first.
func appendLine(path, line string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if info, serr := f.Stat(); serr == nil && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			line = "\n" + line
		}
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Sync(), f.Close())
}

// publicKey is the half of the checkpoint key that checks.
func publicKey(k ed25519.PrivateKey) ed25519.PublicKey {
	pub, _ := k.Public().(ed25519.PublicKey)
	return pub
}
