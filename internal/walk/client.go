// Package walk takes one dispatch through the whole road, from a draft in one agency to
// registered and answered in another, over the HTTP API of running installations: the
// same calls any program may make, each step printed with its evidence. It also starts,
// kills and restarts installations as processes, for the walk, the browser journey and
// the tests of faults.
package walk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"congvan/internal/query"
	"congvan/internal/workflow"
)

// Client is one signed-in person at one installation.
type Client struct {
	Base string // http://127.0.0.1:8080
	Name string // account, for messages
	http *http.Client
}

// HTTP carries the session's cookie, for addresses outside the API.
func (c *Client) HTTP() *http.Client { return c.http }

// Problem is an error answer of the API (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Field  string `json:"field"`
}

// Error says what the server said.
func (p *Problem) Error() string {
	return fmt.Sprintf("HTTP %d %s (%s): %s", p.Status, p.Code, p.Field, p.Detail)
}

// SignIn opens a session for an account.
func SignIn(ctx context.Context, base, username, password string) (*Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &Client{Base: base, Name: username, http: &http.Client{Jar: jar, Timeout: 3 * time.Minute}}
	err = c.Do(ctx, http.MethodPost, "/session", map[string]string{"username": username, "password": password}, nil)
	if err != nil {
		return nil, fmt.Errorf("sign in as %s: %w", username, err)
	}
	return c, nil
}

// Do calls the API with a JSON body and decodes the JSON answer into out (nil: dropped). An
// error answer is a *Problem.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	return c.send(ctx, method, path, "application/json", body, out)
}

func (c *Client) send(ctx context.Context, method, path, contentType string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.Base+"/api/v1"+path, body)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 400 {
		p := &Problem{Status: resp.StatusCode}
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		if json.Unmarshal(b, p) != nil {
			p.Detail = string(b)
		}
		p.Status = resp.StatusCode
		return p
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// Get reads a view.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.Do(ctx, http.MethodGet, path, nil, out)
}

// Upload sends a file and returns the upload's id.
func (c *Client) Upload(ctx context.Context, file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	var u struct {
		ID string `json:"id"`
	}
	q := url.Values{"secrecy": {"0"}, "name": {filepath.Base(file)}}
	err = c.send(ctx, http.MethodPost, "/uploads?"+q.Encode(), "application/octet-stream", f, &u)
	return u.ID, err
}

// Download writes a document's file to w and returns the SHA-256 of what came, in hex.
func (c *Client) Download(ctx context.Context, path string, w io.Writer) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+"/api/v1"+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return "", &Problem{Status: resp.StatusCode}
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(h, w), resp.Body); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Await waits until a document offers an act: the level of its signatures is reached in the
// background.
func (c *Client) Await(ctx context.Context, id string, act workflow.Action) (p query.OutgoingPage, err error) {
	err = wait(ctx, string(act)+" of "+id, func() (bool, error) {
		err := c.Get(ctx, "/outgoing/"+id, &p)
		return slices.Contains(p.Acts, act), err
	})
	if err != nil {
		err = fmt.Errorf("%w; level %+v", err, p.Document.Level)
	}
	return p, err
}
