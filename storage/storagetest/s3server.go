package storagetest

import (
	"testing"

	"congvan/storage/storagetest/s3server"
)

// StartS3 starts an S3 server in a temporary folder that ends with the test.
func StartS3(t *testing.T) *s3server.Server {
	t.Helper()
	binary, err := s3server.Find()
	if err != nil {
		t.Fatal(err)
	}
	server, err := s3server.Start(t.Context(), t.TempDir(), binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}
