// Package s3 keeps objects in a bucket of an S3 server, by minio-go: created once (the
// server refuses to overwrite), with a SHA-256 checked by the server for every part, and
// under object lock where the bucket has it.
package s3

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"congvan/storage"
)

const (
	partSize  = 16 << 20 // bytes sent in one request, and held in memory for it
	maxParts  = 10_000   // of one upload, by the protocol
	copyPart  = 1 << 30  // bytes of a prefix copied by the server in one request
	maxTries  = 3        // of one request, by minio-go, while the server is out of reach
	checksum  = "X-Amz-Checksum-Sha256"
	algorithm = "X-Amz-Checksum-Algorithm"
)

// Config names a bucket and the account that uses it.
type Config struct {
	Endpoint  string // host:port
	Bucket    string
	Region    string // default us-east-1
	AccessKey string
	SecretKey string
	Secure    bool          // TLS
	CAFile    string        // PEM of the authority to trust, beside the machine's own
	Timeout   time.Duration // of one request; default one minute
}

// Store implements storage.Blobs in a bucket.
type Store struct {
	core    minio.Core
	bucket  string
	timeout time.Duration
}

var _ storage.Blobs = (*Store)(nil)

// Open returns the store after asking the server for the bucket: ErrNotFound if there is
// none, ErrDenied for wrong credentials, ErrUnavailable if nobody answers.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s, err := connect(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	// An object that nobody stores is asked for: unlike a HEAD, the answer tells a bucket
	// that is missing from a key that is, and it takes no right that Put does not need.
	body, _, _, err := s.core.GetObject(ctx, cfg.Bucket, "blobs/none", minio.GetObjectOptions{})
	if err == nil {
		body.Close()
	} else if minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return nil, s.wrap(ctx, "open bucket "+cfg.Bucket, err)
	}
	return s, nil
}

// CreateBucket creates the bucket, with object lock or without; one that is there already
// is left as it is.
func CreateBucket(ctx context.Context, cfg Config, lock bool) error {
	s, err := connect(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err = s.core.MakeBucket(ctx, cfg.Bucket, minio.MakeBucketOptions{Region: cfg.Region, ObjectLocking: lock})
	if code := minio.ToErrorResponse(err).Code; code == minio.BucketAlreadyOwnedByYou {
		return nil
	}
	return s.wrap(ctx, "create bucket "+cfg.Bucket, err)
}

func connect(cfg Config) (*Store, error) {
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, err
	}
	client, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds:        credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure:       cfg.Secure,
		Region:       cfg.Region, // given, so that no request goes to look it up
		BucketLookup: minio.BucketLookupPath,
		Transport:    transport,
		MaxRetries:   maxTries,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: endpoint %q: %w", cfg.Endpoint, err)
	}
	return &Store{core: minio.Core{Client: client}, bucket: cfg.Bucket, timeout: cfg.Timeout}, nil
}

func newTransport(cfg Config) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: cfg.Timeout,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   16,
		DisableCompression:    true, // an object's bytes are its bytes
	}
	if cfg.CAFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("s3: CA file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("s3: CA file %s holds no certificate", cfg.CAFile)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return t, nil
}

// Put implements storage.Blobs. An object of up to one part is checked before a byte of
// it is sent; of a larger one the last part is, and the upload is given up.
func (s *Store) Put(ctx context.Context, key storage.Key, size int64, r io.Reader) error {
	if size > partSize*maxParts {
		return fmt.Errorf("s3: put %s: %w (%d bytes)", key, storage.ErrTooLarge, size)
	}
	if there, err := s.there(ctx, key, size); there || err != nil {
		return err
	}
	src := storage.NewChecked(ctx, r, key, size)
	if size <= partSize {
		return s.putWhole(ctx, key, src)
	}
	return s.upload(ctx, key, true, func(u *upload) error {
		buf := make([]byte, partSize)
		for !src.Complete() {
			n, err := io.ReadFull(src, buf)
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				return err
			}
			if src.Err() != nil {
				return src.Err()
			}
			if err := u.send(ctx, buf[:n]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) putWhole(ctx context.Context, key storage.Key, src *storage.Checked) error {
	body, err := io.ReadAll(src)
	if err != nil {
		return fmt.Errorf("s3: put: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	opts := minio.PutObjectOptions{
		// The key is the checksum: the server itself compares them, and keeps it.
		UserMetadata:         map[string]string{checksum: base64.StdEncoding.EncodeToString(key[:])},
		DisableContentSha256: true, // given whole, so it need not be streamed
	}
	opts.SetMatchETagExcept("*")
	_, err = s.core.PutObject(ctx, s.bucket, name(key), bytes.NewReader(body), int64(len(body)), "", key.String(), opts)
	if isThere(err) {
		return nil
	}
	return s.wrap(ctx, "put", err)
}

// Compose implements storage.Blobs. The server copies a prefix of at least
// storage.ComposeCopyMin; a smaller one passes through this process.
func (s *Store) Compose(ctx context.Context, key, prefix storage.Key, tail []byte) error {
	info, err := s.Stat(ctx, prefix)
	if err != nil {
		return err
	}
	size := info.Size + int64(len(tail))
	if there, err := s.there(ctx, key, size); there || err != nil {
		return err
	}
	if info.Size < storage.ComposeCopyMin {
		obj, err := s.Open(ctx, prefix)
		if err != nil {
			return err
		}
		defer obj.Close()
		return s.Put(ctx, key, size, io.MultiReader(io.NewSectionReader(obj, 0, obj.Size()), bytes.NewReader(tail)))
	}
	return s.upload(ctx, key, false, func(u *upload) error {
		pieces := (info.Size + copyPart - 1) / copyPart
		for i := range pieces { // of equal size: no piece falls under the protocol's minimum
			from, to := info.Size*i/pieces, info.Size*(i+1)/pieces
			if err := u.copy(ctx, prefix, from, to-from); err != nil {
				return err
			}
		}
		for len(tail) > 0 {
			n := min(len(tail), partSize)
			if err := u.send(ctx, tail[:n]); err != nil {
				return err
			}
			tail = tail[n:]
		}
		return nil
	})
}

// Stat implements storage.Blobs.
func (s *Store) Stat(ctx context.Context, key storage.Key) (storage.Info, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	info, err := s.core.StatObject(ctx, s.bucket, name(key), minio.StatObjectOptions{})
	if err != nil {
		return storage.Info{}, s.wrap(ctx, "stat", err)
	}
	out := storage.Info{Key: key, Size: info.Size}
	if until := info.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date"); until != "" {
		if out.RetainUntil, err = time.Parse(time.RFC3339, until); err != nil {
			return storage.Info{}, s.wrap(ctx, "stat", err)
		}
	}
	return out, nil
}

// Retain implements storage.Blobs by object lock in compliance mode, which nobody can
// shorten. In a bucket without object lock it returns errors.ErrUnsupported.
func (s *Store) Retain(ctx context.Context, key storage.Key, until time.Time) error {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return err
	}
	want := storage.RetentionTime(until)
	if want.Before(info.RetainUntil) {
		return fmt.Errorf("s3: retain %s: %w", key, storage.ErrRetained)
	}
	if want.Equal(info.RetainUntil) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	mode := minio.Compliance
	err = s.core.PutObjectRetention(ctx, s.bucket, name(key), minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &want})
	if minio.ToErrorResponse(err).Code == "InvalidRequest" { // what S3 says of a bucket without object lock
		return fmt.Errorf("s3: retain: %w: %w", errors.ErrUnsupported, err)
	}
	return s.wrap(ctx, "retain", err)
}

// there reports whether key is stored already; ErrChecksum if with another size.
func (s *Store) there(ctx context.Context, key storage.Key, size int64) (bool, error) {
	info, err := s.Stat(ctx, key)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case info.Size != size:
		return false, fmt.Errorf("s3: %w: %s is stored with %d bytes, not %d", storage.ErrChecksum, key, info.Size, size)
	}
	return true, nil
}

// name is the object's name in the bucket: blobs/ab/abcd….
func name(key storage.Key) string {
	h := key.String()
	return "blobs/" + h[:2] + "/" + h
}
