package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"congvan/storage"
)

// upload is a multipart upload under way: nothing is visible under its key before the
// last request completes it.
type upload struct {
	s      *Store
	key    storage.Key
	checks bool // the server compares and keeps the SHA-256 of each part
	id     string
	parts  []minio.CompletePart
}

// upload sends what fill adds and makes it visible in one step. Servers do not agree on the
// checksum of a copied part: without checks, a part from memory is still compared with the
// hash that signs its request.
func (s *Store) upload(ctx context.Context, key storage.Key, checks bool, fill func(*upload) error) error {
	u := &upload{s: s, key: key, checks: checks}
	if err := u.begin(ctx); err != nil {
		return err
	}
	err := fill(u)
	if err == nil {
		err = u.complete(ctx)
	}
	if err != nil {
		u.abort(ctx)
		return err
	}
	return nil
}

func (u *upload) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, u.s.timeout)
	defer cancel()
	var opts minio.PutObjectOptions
	if u.checks {
		opts.UserMetadata = map[string]string{algorithm: "SHA256"}
	}
	id, err := u.s.core.NewMultipartUpload(ctx, u.s.bucket, name(u.key), opts)
	u.id = id
	return u.s.wrap(ctx, "upload", err)
}

// send adds a part from memory.
func (u *upload) send(ctx context.Context, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, u.s.timeout)
	defer cancel()
	sum := sha256.Sum256(b)
	opts := minio.PutObjectPartOptions{
		Sha256Hex: hex.EncodeToString(sum[:]), DisableContentSha256: true, // given whole, so it need not be streamed
	}
	if u.checks {
		opts.CustomHeader = http.Header{checksum: {base64.StdEncoding.EncodeToString(sum[:])}}
	}
	part, err := u.s.core.PutObjectPart(ctx, u.s.bucket, name(u.key), u.id, len(u.parts)+1,
		bytes.NewReader(b), int64(len(b)), opts)
	if err != nil {
		return u.s.wrap(ctx, "send part", err)
	}
	u.parts = append(u.parts, minio.CompletePart{PartNumber: part.PartNumber, ETag: part.ETag, ChecksumSHA256: part.ChecksumSHA256})
	return nil
}

// copy adds length bytes of a stored object from offset on, without moving them here.
func (u *upload) copy(ctx context.Context, from storage.Key, offset, length int64) error {
	ctx, cancel := context.WithTimeout(ctx, u.s.timeout)
	defer cancel()
	part, err := u.s.core.CopyObjectPart(ctx, u.s.bucket, name(from), u.s.bucket, name(u.key), u.id,
		len(u.parts)+1, offset, length, nil)
	if err != nil {
		return u.s.wrap(ctx, "copy part", err)
	}
	part.ETag = strings.Trim(part.ETag, `"`) // the answer quotes it, the completion must not
	u.parts = append(u.parts, part)
	return nil
}

// complete makes the object visible unless one is there already.
func (u *upload) complete(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, u.s.timeout)
	defer cancel()
	var opts minio.PutObjectOptions
	opts.SetMatchETagExcept("*")
	_, err := u.s.core.CompleteMultipartUpload(ctx, u.s.bucket, name(u.key), u.id, u.parts, opts)
	if isThere(err) {
		u.abort(ctx)
		return nil
	}
	return u.s.wrap(ctx, "complete upload", err)
}

// abort frees the parts already sent, even when ctx is done. A failure leaves them to the
// bucket's own rule for unfinished uploads.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), u.s.timeout)
	defer cancel()
	_ = u.s.core.AbortMultipartUpload(ctx, u.s.bucket, name(u.key), u.id)
}
