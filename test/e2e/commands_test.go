package e2e

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"congvan/internal/app"
	"congvan/internal/demo"
	"congvan/internal/walk"
)

// TestCommands is the command line as an administrator uses it.
func TestCommands(t *testing.T) {
	t.Parallel()
	w := world(t)
	config := configOf(w, w.A)

	t.Run("help", func(t *testing.T) {
		code, out, _ := program(t, "", "congvan", "help")
		if code != 0 {
			t.Errorf("exit %d", code)
		}
		for _, verb := range []string{"serve", "walk", "journal", "doctor", "user", "migrate", "version"} {
			if !regexp.MustCompile(`(?m)^  ` + verb + ` +[A-Z]`).MatchString(out) {
				t.Errorf("%s is not explained:\n%s", verb, out)
			}
		}
	})
	t.Run("version", func(t *testing.T) { says(t, 0, "congvan e2e", "", "version") })
	t.Run("unknown command", func(t *testing.T) { says(t, 1, `unknown command "fly"`, "", "fly") })
	t.Run("configuration", func(t *testing.T) {
		for text, want := range map[string]string{
			"listne = '127.0.0.1:0'\n":         "listne",
			"mode = 'playful'\n":               `mode is "playful"`,
			"listen = '0.0.0.0:8080'\n":        "tls_cert",
			"[database]\ndriver = 'oracle'\n":  `database.driver is "oracle"`,
			"[blobs]\nkind = 's3'\n":           "blobs.endpoint",
			"upload_mb = 'viele'\n":            "upload_mb",
			"[axis]\nendpoint = 'http://x/'\n": "axis.system_id",
		} {
			file := filepath.Join(t.TempDir(), "congvan.toml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			says(t, 1, want, "", "serve", "--config", file)
		}
		says(t, 1, "gone.toml", "", "serve", "--config", "gone.toml")
	})
	t.Run("migrate", func(t *testing.T) {
		file := saved(t, app.Config{Data: filepath.Join(t.TempDir(), "new"), Mode: "demo"})
		for range 2 { // the second time there is nothing to do
			says(t, 0, "up to date", "", "migrate", "--config", file)
		}
		says(t, 1, "stop it first", "", "migrate", "--config", config) // a server is using it
	})
	t.Run("user", func(t *testing.T) { users(t, w, config) })
	t.Run("doctor", func(t *testing.T) { doctor(t, w, config) })
}

// users lists accounts, locks one and sets a password, beside the running server.
func users(t *testing.T, w *walk.World, config string) {
	says(t, 0, "cv.svd", "", "user", "list", "--config", config)
	c := client(t, w.A.Base, "cv.svd")
	says(t, 0, "Done: cv.svd", "", "user", "lock", "cv.svd", "--config", config)
	if out := says(t, 0, "locked", "", "user", "list", "--config", config); !regexp.MustCompile(`(?m)^cv\.svd +per-a-svd-cv +locked$`).MatchString(out) {
		t.Errorf("the list does not tell who is locked:\n%s", out)
	}
	refused(t, c.Get(t.Context(), "/home", nil), http.StatusUnauthorized, "not_signed_in")
	_, err := walk.SignIn(t.Context(), w.A.Base, "cv.svd", demo.Password)
	if err == nil {
		t.Error("a locked account signs in")
	}
	says(t, 0, "Done: cv.svd", "", "user", "unlock", "cv.svd", "--config", config)

	c = client(t, w.A.Base, "cv.svd")
	says(t, 1, "at least 12 characters", "short\n", "user", "password", "cv.svd", "--config", config)
	says(t, 1, "no password on standard input", "", "user", "password", "cv.svd", "--config", config)
	says(t, 0, "Done: cv.svd", "một mật khẩu khác\n", "user", "password", "cv.svd", "--config", config)
	refused(t, c.Get(t.Context(), "/home", nil), http.StatusUnauthorized, "not_signed_in")
	if _, err := walk.SignIn(t.Context(), w.A.Base, "cv.svd", "một mật khẩu khác"); err != nil {
		t.Errorf("the new password: %v", err)
	}
	says(t, 1, "nobody", "", "user", "lock", "nobody", "--config", config)
	out := says(t, 0, "cvt_", "", "user", "token", "add", "cv.svd", "--for", "thử", "--config", config)
	token := regexp.MustCompile(`tok-[0-9a-f]+`).FindString(out)
	if strings.Contains(says(t, 0, token, "", "user", "token", "list", "cv.svd", "--config", config), "cvt_") {
		t.Error("the secret of a token is shown a second time")
	}
	says(t, 0, "", "", "user", "token", "revoke", "cv.svd", token, "--config", config)
	journalled(t, config, "acc-cv.svd", "ACCOUNT_LOCK", "ACCOUNT_UNLOCK", "ACCOUNT_PASSWORD", "TOKEN_ADD", "TOKEN_REVOKE")
}

// journalled: each act on an account wrote its one entry, and what was refused wrote none.
func journalled(t *testing.T, config, account string, want ...string) {
	t.Helper()
	cfg, err := app.LoadConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	db, err := app.OpenBeside(t.Context(), cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	entries, err := db.Entries(t.Context(), "account", account)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Action)
	}
	if !slices.Equal(got, want) {
		t.Errorf("journal of %s: %v, want %v", account, got, want)
	}
}

// doctor finds nothing at a good installation, and of a broken one all that is wrong.
func doctor(t *testing.T, w *walk.World, config string) {
	draft(t, w.A.Base, "stn", "H26.14") // an entry for the journal
	if out := says(t, 0, "ok    journal", "", "doctor", "--config", config); strings.Contains(out, "FAIL") {
		t.Errorf("a good installation:\n%s", out)
	}
	for _, x := range []struct {
		name, what string
		failures   int
		damage     func(t *testing.T, c *app.Config)
	}{
		{"folder open to others", "data folder", 1, func(t *testing.T, c *app.Config) {
			if err := os.Chmod(c.Data, 0o755); err != nil { //nolint:gosec // the damage
				t.Fatal(err)
			}
		}},
		{"no database", "database", 2, func(_ *testing.T, c *app.Config) { c.Database.DSN = filepath.Join(c.Data, "none", "congvan.db") }},
		{"no module", "keys", 1, func(_ *testing.T, c *app.Config) { c.Keys.Module = "/usr/lib/none.so" }},
		{"no anchors", "trust", 1, func(_ *testing.T, c *app.Config) { c.Trust.Anchors = []string{filepath.Join(c.Data, "none.pem")} }},
		{"list gone", "trust", 1, func(_ *testing.T, c *app.Config) { c.Trust.CRLs[0] = filepath.Join(c.Data, "none.crl") }},
		{"secret readable", "axis", 1, func(t *testing.T, c *app.Config) {
			c.Axis.SecretFile = filepath.Join(c.Data, "secret")
			if err := os.WriteFile(c.Axis.SecretFile, []byte("x"), 0o644); err != nil { //nolint:gosec // the damage
				t.Fatal(err)
			}
		}},
		{"journal changed", "journal", 1, func(t *testing.T, c *app.Config) {
			execute(t, *c, "UPDATE journal SET actor_name = 'Người khác' WHERE seq = 1")
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := copyOf(t, config)
			x.damage(t, &c)
			out := says(t, 1, "FAIL  "+x.what+": ", "", "doctor", "--config", saved(t, c))
			if strings.Count(out, "FAIL") != x.failures || strings.Count(out, "      → ") < x.failures {
				t.Errorf("what is wrong, and nothing else, is told with what to do:\n%s", out)
			}
		})
	}
}

// says wants an exit code and words in what a command prints.
func says(t *testing.T, exit int, words, stdin string, args ...string) string {
	t.Helper()
	code, out, errOut := program(t, stdin, "congvan", args...)
	if code != exit || !strings.Contains(out+errOut, words) {
		t.Errorf("congvan %s: exit %d, want %d with %q:\n%s%s", strings.Join(args, " "), code, exit, words, out, errOut)
	}
	return out + errOut
}

// copyOf copies an installation with its data and gives its configuration.
func copyOf(t *testing.T, config string) app.Config {
	t.Helper()
	c, err := app.LoadConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, dataOf(c.Data)); err != nil {
		t.Fatal(err)
	}
	private(t, dir)
	c.Data, c.Database.DSN, c.Journal = dir, "", app.Journal{}
	if err := c.Fill(); err != nil {
		t.Fatal(err)
	}
	return c
}

// dataOf is an installation's folder without what a test of the database needs not.
func dataOf(dir string) fs.FS { return without{os.DirFS(dir), []string{"blobs", "tmp"}} }

// without is a tree that lacks some top folders.
type without struct {
	fs.FS
	names []string
}

func (w without) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(w.FS, name)
	return slices.DeleteFunc(list, func(e fs.DirEntry) bool { return slices.Contains(w.names, e.Name()) }), err
}

// saved writes a configuration to a file.
func saved(t *testing.T, c app.Config) string {
	t.Helper()
	b, err := toml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "congvan.toml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
