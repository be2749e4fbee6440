package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"congvan/internal/axis/lgsp"
	"congvan/internal/axis/vxp"
	"congvan/internal/org"
)

// The configuration chooses the protocol, and the codes of agencies.
func TestAxisOfTheConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("bi-mat\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	base := Axis{Endpoint: "http://127.0.0.1:1", SystemID: "s", SecretFile: file, Username: "u", Password: file}
	for name, c := range map[string]struct {
		change func(*Axis)
		facade bool
		codes  org.CodeScheme
		bad    bool
	}{
		"default":      {func(*Axis) {}, false, org.SchemeQD20, false},
		"vxp":          {func(a *Axis) { a.Protocol, a.Dialect = "vxp", "dotnet" }, false, org.SchemeQD20, false},
		"lgsp":         {func(a *Axis) { a.Protocol, a.Codes = "lgsp", "qcvn102" }, true, org.SchemeQCVN102, false},
		"no password":  {func(a *Axis) { a.Protocol, a.Password = "lgsp", "" }, true, "", true},
		"no such":      {func(a *Axis) { a.Protocol = "soap" }, false, "", true},
		"no such code": {func(a *Axis) { a.Codes = "moi" }, false, "", true},
	} {
		x := base
		c.change(&x)
		cfg := Config{Axis: x}
		if err := cfg.Fill(); (err != nil) != c.bad {
			t.Errorf("%s: %v", name, err)
		}
		if c.bad {
			continue
		}
		a := &App{Clock: time.Now}
		w, err := a.wire(cfg.Axis, cfg.Axis.dialect(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, facade := w.(*lgsp.Client)
		_, own := w.(*vxp.Client)
		if facade != c.facade || own == c.facade || (a.lists == nil) != c.facade || cfg.Axis.codes() != c.codes {
			t.Errorf("%s: %T, lists %v, codes %s", name, w, a.lists != nil, cfg.Axis.codes())
		}
	}
}
