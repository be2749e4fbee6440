// Package p11fault is a PKCS#11 module that stands in front of another one, of SoftHSM2
// as a rule, and misbehaves on command: it is slow, has few sessions, fails, hangs, crashes,
// loses its sessions or its token. The module is C (module/p11fault.c, where the commands
// are told) and is compiled when first needed.
package p11fault

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed module/p11fault.c
var source []byte

// Module is a compiled module with its control file.
type Module struct {
	Path    string // of the shared library
	control string
}

// New compiles the module into dir. It needs a C compiler, as building with cgo does.
func New(dir string) (*Module, error) {
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	m := &Module{Path: filepath.Join(dir, "p11fault.so"), control: filepath.Join(dir, "p11fault.control")}
	code := filepath.Join(dir, "p11fault.c")
	if err := os.WriteFile(code, source, 0o600); err != nil {
		return nil, err
	}
	out, err := exec.Command(cc, "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o", m.Path, code, "-ldl", "-lpthread").CombinedOutput() //nolint:gosec // our own source
	if err != nil {
		return nil, fmt.Errorf("the test module does not compile: %w\n%s", err, out)
	}
	return m, m.Rules()
}

// Env is what the process that loads the module needs in its environment, besides that of
// the module behind it.
func (m *Module) Env(behind string) map[string]string {
	return map[string]string{"P11FAULT_MODULE": behind, "P11FAULT_CONTROL": m.control}
}

// Rules are obeyed from now on instead of those before, as module/p11fault.c tells them; the
// calls are counted from zero again. Without any, it only counts.
func (m *Module) Rules(rules ...string) error {
	counted, err := filepath.Glob(m.control + ".*")
	if err != nil {
		return err
	}
	for _, f := range counted {
		err = errors.Join(err, os.Remove(f))
	}
	next := filepath.Join(filepath.Dir(m.control), "next.control")
	return errors.Join(err, os.WriteFile(next, []byte(strings.Join(rules, "\n")+"\n"), 0o600), os.Rename(next, m.control))
}

// Calls is how often a call was made since the last Rules, over all processes.
func (m *Module) Calls(call string) int {
	info, err := os.Stat(m.control + "." + call)
	if err != nil {
		return 0 // never
	}
	return int(info.Size())
}
