package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7"

	"congvan/storage"
)

// kinds gives S3 error codes their kind; a code that is not here is judged by its status.
var kinds = map[string]error{
	minio.NoSuchKey:                        storage.ErrNotFound,
	minio.NoSuchBucket:                     storage.ErrNotFound,
	minio.AccessDenied:                     storage.ErrDenied,
	"InvalidAccessKeyId":                   storage.ErrDenied,
	"XAdminUserNotFound":                   storage.ErrDenied, // versitygw
	"SignatureDoesNotMatch":                storage.ErrDenied,
	"RequestTimeTooSkewed":                 storage.ErrDenied,
	"BadDigest":                            storage.ErrChecksum,
	"InvalidDigest":                        storage.ErrChecksum,
	"XAmzContentSHA256Mismatch":            storage.ErrChecksum,
	"XAmzContentChecksumMismatch":          storage.ErrChecksum,
	"EntityTooLarge":                       storage.ErrTooLarge,
	"InvalidBucketObjectLockConfiguration": errors.ErrUnsupported,
	"ObjectLockConfigurationNotFoundError": errors.ErrUnsupported,
}

// wrap names the operation and gives the error its kind: the caller's own cancellation,
// what the server said, or that nobody answered.
func (s *Store) wrap(ctx context.Context, op string, err error) error {
	if err == nil || wrapped(err) {
		return err
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("s3: %s: %w", op, context.Canceled)
	}
	return fmt.Errorf("s3: %s: %w: %w", op, kind(err), err)
}

func kind(err error) error {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return storage.ErrUnavailable // no answer, or a broken one
	}
	if k, ok := kinds[answer.Code]; ok {
		return k
	}
	switch code := answer.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return storage.ErrDenied
	case code == 0, code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return storage.ErrUnavailable
	}
	return errRefused
}

// errRefused is a request that the server will refuse again.
var errRefused = errors.New("the server refuses the request")

// wrapped reports whether err has its kind already.
func wrapped(err error) bool {
	for _, k := range []error{
		storage.ErrNotFound, storage.ErrDenied, storage.ErrChecksum, storage.ErrTooLarge, storage.ErrRetained,
		storage.ErrUnavailable, errors.ErrUnsupported, errRefused,
	} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// isThere reports whether a create-only request failed because the object exists.
func isThere(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && (answer.StatusCode == http.StatusPreconditionFailed || answer.Code == "PreconditionFailed")
}
