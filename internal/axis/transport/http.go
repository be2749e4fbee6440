// Package transport is what the clients of the axis's protocol and of a platform's façade do
// alike beneath their own words: bounded HTTP that never follows a redirect, a message as a
// request body that is whole only if it is the one announced, and a message read out of a
// JSON answer without ever being held.
package transport

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

var (
	// ErrTooLarge says that an answer is over the configured limit.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrNotAnAnswer says that an answer is not the JSON of the protocol.
	ErrNotAnAnswer = errors.New("the answer is not the protocol's JSON")
)

// NewHTTP makes a client for one server; verify nil means the system's authorities.
func NewHTTP(verify *tls.Config) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:       verify,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 2 * time.Minute,
			IdleConnTimeout:       time.Minute,
			MaxIdleConnsPerHost:   4,
			MaxConnsPerHost:       10, // the most the operator's SDK may be set to
			DisableCompression:    true,
		},
		// A redirect would carry the credentials to another place.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Do makes a request within a time limit that ends when the answer's Body is closed. With an
// error, sent tells whether the server may have had the request; the error is ctx's own where
// that ended it, and never holds the address.
func Do(ctx context.Context, client *http.Client, limit time.Duration, req *http.Request) (resp *http.Response, sent bool, err error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	var wrote atomic.Bool // by the connection, which may outlive the call
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	resp, err = client.Do(req.WithContext(traced))
	if err == nil {
		resp.Body = &ending{resp.Body, cancel}
		return resp, true, nil
	}
	cancel()
	if ctx.Err() != nil {
		err = ctx.Err()
	} else if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return nil, wrote.Load(), err
}

// ending ends the call's time limit when the answer is closed; what little may be left is
// read, so that the connection can be used again.
type ending struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *ending) Close() error {
	_, _ = io.CopyN(io.Discard, b.ReadCloser, 16<<10)
	err := b.ReadCloser.Close()
	b.cancel()
	return err
}

// Malformed tells faults of an answer's JSON by ErrNotAnAnswer, and its end before its time by
// io.ErrUnexpectedEOF; others, those of the network, stay as they are.
func Malformed(err error) error {
	if err == nil {
		return nil // of every byte that is read: nothing is made for it
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax), errors.As(err, &kind):
		return ErrNotAnAnswer
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}

// Succeeded tells whether an HTTP status means that the call was taken.
func Succeeded(resp *http.Response) bool {
	return resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusCreated
}

// Judge says what an HTTP status of refusal means: whether to try again, whether what was
// asked may have been done all the same, and how long the server asks to wait.
func Judge(resp *http.Response) (retryable, uncertain bool, after time.Duration) {
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests, s == http.StatusRequestTimeout:
		retryable = true
	case s >= 500:
		retryable, uncertain = true, true
	}
	if wait, err := time.ParseDuration(resp.Header.Get("Retry-After") + "s"); err == nil && wait > 0 {
		after = min(wait, time.Hour)
	}
	return retryable, uncertain, after
}
