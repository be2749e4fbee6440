package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"congvan/storage"
	"congvan/storage/s3"
	"congvan/storage/storagetest"
	"congvan/storage/storagetest/s3server"
)

func config(server *s3server.Server, bucket string) s3.Config {
	return s3.Config{Endpoint: server.Endpoint, Bucket: bucket, AccessKey: server.AccessKey, SecretKey: server.SecretKey}
}

// open makes a bucket and its store.
func open(t *testing.T, cfg s3.Config, lock bool) *s3.Store {
	t.Helper()
	if err := s3.CreateBucket(t.Context(), cfg, lock); err != nil {
		t.Fatal(err)
	}
	s, err := s3.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// client speaks to the server beside the store, to see what it holds.
func client(t *testing.T, cfg s3.Config) *minio.Client {
	t.Helper()
	c, err := minio.New(cfg.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestConformance runs the suite in buckets with object lock; nothing half uploaded may be
// left in any of them.
func TestConformance(t *testing.T) {
	server := storagetest.StartS3(t)
	n := 0
	storagetest.Run(t, func(t *testing.T) storage.Blobs {
		n++
		cfg := config(server, fmt.Sprintf("bucket-%d", n))
		s := open(t, cfg, true)
		c := client(t, cfg)
		t.Cleanup(func() {
			for up := range c.ListIncompleteUploads(context.Background(), cfg.Bucket, "", true) {
				t.Errorf("an upload was left unfinished: %+v", up)
			}
		})
		return s
	})
}

func TestMemoryOfLargeObjects(t *testing.T) {
	storagetest.RunMemory(t, open(t, config(storagetest.StartS3(t), "large"), false))
}

func TestPutDoesNotWriteTwice(t *testing.T) {
	cfg := config(storagetest.StartS3(t), "once")
	s, c := open(t, cfg, true), client(t, cfg)
	for _, n := range []int{1000, 17 << 20} {
		b, key := storagetest.Bytes(1, n)
		var wg sync.WaitGroup
		for range 4 { // at once: each finds nothing there, one may write
			wg.Go(func() {
				if err := s.Put(t.Context(), key, int64(n), bytes.NewReader(b)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		versions := 0
		for o := range c.ListObjects(t.Context(), cfg.Bucket, minio.ListObjectsOptions{Prefix: "blobs/" + key.String()[:2] + "/" + key.String(), Recursive: true, WithVersions: true}) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			versions++
		}
		if versions != 1 {
			t.Errorf("an object of %d bytes put four times has %d versions, want 1", n, versions)
		}
	}
}

func TestRetentionIsTheServersOwn(t *testing.T) {
	cfg := config(storagetest.StartS3(t), "locked")
	s, c := open(t, cfg, true), client(t, cfg)
	b, key := storagetest.Bytes(2, 1000)
	if err := s.Put(t.Context(), key, 1000, bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	if err := s.Retain(t.Context(), key, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	name := "blobs/" + key.String()[:2] + "/" + key.String()
	info, err := c.StatObject(t.Context(), cfg.Bucket, name, minio.StatObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	err = c.RemoveObject(t.Context(), cfg.Bucket, name, minio.RemoveObjectOptions{VersionID: info.VersionID, GovernanceBypass: true})
	if err == nil {
		t.Error("the server removed an object under retention")
	}
	if err := storage.Verify(t.Context(), s, key); err != nil {
		t.Error(err)
	}
}

func TestRetainWithoutObjectLock(t *testing.T) {
	s := open(t, config(storagetest.StartS3(t), "plain"), false)
	b, key := storagetest.Bytes(3, 1000)
	if err := s.Put(t.Context(), key, 1000, bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	if err := s.Retain(t.Context(), key, time.Now().Add(time.Hour)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Retain = %v, want ErrUnsupported", err)
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	server := storagetest.StartS3(t)
	good := config(server, "there")
	if err := s3.CreateBucket(t.Context(), good, false); err != nil {
		t.Fatal(err)
	}
	if err := s3.CreateBucket(t.Context(), good, false); err != nil {
		t.Errorf("CreateBucket of one's own bucket again: %v", err)
	}
	wrongSecret, wrongAccess, noBucket := good, good, good
	wrongSecret.SecretKey += "x"
	wrongAccess.AccessKey = "nobody"
	noBucket.Bucket = "not-there"
	for name, c := range map[string]struct {
		cfg  s3.Config
		want error
	}{
		"wrong secret": {wrongSecret, storage.ErrDenied},
		"wrong access": {wrongAccess, storage.ErrDenied},
		"no bucket":    {noBucket, storage.ErrNotFound},
	} {
		if _, err := s3.Open(t.Context(), c.cfg); !errors.Is(err, c.want) {
			t.Errorf("%s: Open = %v, want %v", name, err, c.want)
		}
	}
	if err := s3.CreateBucket(t.Context(), wrongSecret, false); !errors.Is(err, storage.ErrDenied) {
		t.Errorf("CreateBucket with a wrong secret = %v, want ErrDenied", err)
	}
	server.Kill()
	if _, err := s3.Open(t.Context(), good); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Open of a server that is gone = %v, want ErrUnavailable", err)
	}
}

func TestServerGone(t *testing.T) {
	server := storagetest.StartS3(t)
	s := open(t, config(server, "gone"), false)
	b, key := storagetest.Bytes(4, 20<<20)
	_, other := storagetest.Bytes(5, 5)
	if err := s.Put(t.Context(), key, int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	obj, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	_, readErr := obj.ReadAt(make([]byte, 10), 0)
	_, openErr := s.Open(t.Context(), key)
	_, statErr := s.Stat(t.Context(), key)
	for what, err := range map[string]error{
		"ReadAt":  readErr,
		"Open":    openErr,
		"Stat":    statErr,
		"Put":     s.Put(t.Context(), other, 5, bytes.NewReader(b[:5])),
		"Compose": s.Compose(t.Context(), other, key, []byte("x")),
		"Retain":  s.Retain(t.Context(), key, time.Now()),
	} {
		if !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s on a server that is gone = %v, want ErrUnavailable", what, err)
		}
	}
}

// TestServerDiesWhileBytesFlow: the upload fails as unavailable, whatever its reader did.
func TestServerDiesWhileBytesFlow(t *testing.T) {
	server := storagetest.StartS3(t)
	s := open(t, config(server, "dies"), false)
	b, key := storagetest.Bytes(6, 40<<20)
	r := io.MultiReader(bytes.NewReader(b[:20<<20]), &killer{server}, bytes.NewReader(b[20<<20:]))
	if err := s.Put(t.Context(), key, int64(len(b)), r); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Put = %v, want ErrUnavailable", err)
	}
}

type killer struct{ server *s3server.Server }

func (k *killer) Read([]byte) (int, error) { k.server.Kill(); return 0, io.EOF }

// TestFarReads covers the read-ahead cache: straight on over more than it keeps, then back.
func TestFarReads(t *testing.T) {
	s := open(t, config(storagetest.StartS3(t), "far"), false)
	b, key := storagetest.Bytes(7, 20<<20+11)
	if err := s.Put(t.Context(), key, int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	obj, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Close()
	p := make([]byte, 40_000)
	check := func(off int64) {
		t.Helper()
		n, err := obj.ReadAt(p, off)
		if err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(p[:n], b[off:off+int64(n)]) {
			t.Fatalf("ReadAt(%d) = %d, %v, or other bytes", off, n, err)
		}
	}
	for off := int64(0); off < int64(len(b)); off += int64(len(p)) {
		check(off)
	}
	for off := int64(len(b)) - 1; off >= 0; off -= 700_001 {
		check(off)
	}
}
