package trust_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func httpServer(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}
