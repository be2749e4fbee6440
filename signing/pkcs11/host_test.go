//go:build cgo

package pkcs11_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/pkcs11"
)

// TestMain lets the test binary be the host process, and the server that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "server" {
		serverToBeKilled()
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "hsm-host" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP)
		defer stop()
		if err := pkcs11.ServeHost(ctx, os.Args[2], time.Now); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// openHost opens the module of s in a process of its own.
func openHost(t testing.TB, s *store, change func(*pkcs11.HostOptions)) *pkcs11.Host {
	t.Helper()
	o := pkcs11.HostOptions{
		Options:     pkcs11.Options{Module: s.Module, Env: s.Env, Sessions: 3, Pause: time.Minute, Clock: s.clock.time},
		Command:     []string{"/proc/self/exe", "hsm-host"},
		CallTimeout: 20 * time.Second,
	}
	if change != nil {
		change(&o)
	}
	h, err := pkcs11.OpenHost(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func TestHostSigns(t *testing.T) {
	s := newStore(t, 2)
	h := openHost(t, s, nil)
	sig, err := h.Sign(context.Background(), s.agency, digest(1), sha256)
	verify(t, s.agencyKey, 1, sig, err)
	sig, err = h.Sign(context.Background(), s.person, digest(2), withPIN(personPIN))
	verify(t, s.personKey, 2, sig, err)
	tokens, err := h.Describe(context.Background())
	if err != nil || len(tokens) != 2 || len(tokens[0].Keys) != 1 {
		t.Errorf("%+v %v", tokens, err)
	}
	if got := h.Stats(); got.Signatures != 2 || got.PoolSize != 3 || got.PoolInUse != 0 || got.Restarts != 0 {
		t.Errorf("%+v", got)
	}
}

// TestHostDies: the process is cured by starting it again, whether vendor code crashes in
// it, hangs in it or somebody kills it. Everybody who has a service key gets a signature.
func TestHostDies(t *testing.T) {
	tr := newTrial(t, 3).hosted(t, 3, 2*time.Second)
	host := tr.keys.(*pkcs11.Host)
	for i, rule := range []string{"crash sign 0 4 4", "hang sign 0 4 4", "crash open 0 2 2", "hang find 0 1 1", "kill"} {
		t.Run(rule, func(t *testing.T) {
			if i > 0 { // so that sessions and handles are asked for anew
				killHost(t, host)
			}
			before := host.Stats()
			if rule == "kill" {
				syscallKill(t, host.PID())
			} else {
				tr.rules(t, rule)
			}
			var wg sync.WaitGroup
			for n := range 8 {
				wg.Go(func() {
					if err := tr.agencySigns(n); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			after := host.Stats()
			if after.Restarts != before.Restarts+1 || after.Signatures != before.Signatures+8 || after.Failures != before.Failures || after.Open != 0 {
				t.Errorf("before %+v\nafter  %+v", before, after)
			}
			if rule != "kill" && after.Retries == before.Retries {
				t.Error("nobody's signature was asked for again")
			}
		})
	}
}

func syscallKill(t *testing.T, pid int) {
	t.Helper()
	if pid <= 1 { // 0 would be ourselves
		t.Fatal("there is no process to kill")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// killHost kills the process and waits for the next.
func killHost(t *testing.T, h *pkcs11.Host) {
	t.Helper()
	old := h.PID()
	syscallKill(t, old)
	for h.PID() == old || h.PID() == 0 {
		_, _ = h.Describe(context.Background())
	}
}

// TestHostGivesUp: one retry, then the circuit breaker, and nothing is started until its
// pause is over.
func TestHostGivesUp(t *testing.T) {
	trial := newTrial(t, 2)
	for rule, timeout := range map[string]time.Duration{"crash sign 0 1 0": 20 * time.Second, "hang sign 0 1 0": 2 * time.Second} {
		t.Run(rule, func(t *testing.T) {
			tr := *trial
			tr.keys = openHost(t, tr.store, func(o *pkcs11.HostOptions) { o.CallTimeout = timeout }) // with the clock that the test moves
			tr.rules(t, rule)
			if err := tr.agencySigns(1); !errors.Is(err, signing.ErrTokenUnavailable) {
				t.Fatal(err)
			}
			tr.called(t, "sign", 2)
			for range 3 {
				if err := tr.agencySigns(1); !errors.Is(err, signing.ErrTokenUnavailable) {
					t.Fatal(err)
				}
			}
			tr.called(t, "sign", 2)
			if got := tr.keys.Stats(); got.Refused != 3 || got.Open != 1 || got.Retries != 1 {
				t.Errorf("%+v", got)
			}
			tr.rules(t)
			tr.clock.add(time.Hour)
			if err := tr.agencySigns(2); err != nil {
				t.Error("after the pause:", err)
			}
		})
	}
}

// TestHostPersonalOnce: what dies under a person's PIN is not repeated, since the token may
// have counted it; the next time, and for others, all is well at once.
func TestHostPersonalOnce(t *testing.T) {
	tr := newTrial(t, 2).hosted(t, 2, 2*time.Second)
	for _, rule := range []string{"crash login 0 1 1", "hang login 0 1 1", "crash sign 0 1 1", "hang sign 0 1 1"} {
		tr.rules(t, rule)
		if err := tr.personSigns(1, personPIN); !errors.Is(err, signing.ErrTokenUnavailable) {
			t.Errorf("%s: %v", rule, err)
		}
		tr.called(t, "login", 1)
		if err := tr.personSigns(2, personPIN); err != nil {
			t.Errorf("%s, then: %v", rule, err)
		}
		tr.called(t, "login", 2)
	}
	if got := tr.keys.Stats(); got.Retries != 0 || got.Restarts != 4 || got.Open != 0 {
		t.Errorf("%+v", got)
	}
}

// TestHostStartHangs: a module that hangs when it is opened does not keep the server.
func TestHostStartHangs(t *testing.T) {
	tr := newTrial(t, 2).hosted(t, 2, 2*time.Second)
	syscallKill(t, tr.keys.(*pkcs11.Host).PID())
	for tr.keys.(*pkcs11.Host).PID() != 0 {
		time.Sleep(time.Millisecond)
	}
	tr.rules(t, "hang initialize 0 1 0")
	if err := tr.personSigns(1, personPIN); !errors.Is(err, signing.ErrTokenUnavailable) {
		t.Fatal(err)
	}
	tr.called(t, "login", 0)
	tr.rules(t)
	tr.mends(t, func() error { return tr.personSigns(1, personPIN) })
	tr.rules(t, "hang initialize 0 1 0")
	_, err := pkcs11.OpenHost(context.Background(), pkcs11.HostOptions{
		Options: pkcs11.Options{Module: tr.Module, Env: tr.Env, Clock: time.Now}, Command: []string{"/proc/self/exe", "hsm-host"}, CallTimeout: time.Second,
	})
	if !errors.Is(err, pkcs11.ErrModule) {
		t.Error(err)
	}
}

func TestHostOpenFails(t *testing.T) {
	for name, o := range map[string]pkcs11.HostOptions{
		"no clock":    {Options: pkcs11.Options{Module: "/khong/co.so"}, Command: []string{"/proc/self/exe", "hsm-host"}},
		"no command":  {Options: pkcs11.Options{Module: "/khong/co.so", Clock: time.Now}},
		"no module":   {Options: pkcs11.Options{Module: "/khong/co.so", Clock: time.Now}, Command: []string{"/proc/self/exe", "hsm-host"}},
		"no program":  {Options: pkcs11.Options{Module: "/khong/co.so", Clock: time.Now}, Command: []string{"/khong/co"}},
		"not a host":  {Options: pkcs11.Options{Module: "/khong/co.so", Clock: time.Now}, Command: []string{"/bin/false"}},
		"never comes": {Options: pkcs11.Options{Module: "/khong/co.so", Clock: time.Now}, Command: []string{"/bin/sleep", "600"}, CallTimeout: 300 * time.Millisecond},
	} {
		if name == "never comes" { // the socket's path comes last: sleep refuses it and ends
			o.Command = []string{"/bin/sh", "-c", "exec sleep 600"}
		}
		if _, err := pkcs11.OpenHost(context.Background(), o); err == nil || errors.Is(err, pkcs11.ErrModule) != (name != "no clock" && name != "no command") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHostKeepsSecrets: the PIN is in no argument and no variable of the process, nor is
// anything of the server's environment that was not handed over; a crash leaves no core.
func TestHostKeepsSecrets(t *testing.T) {
	t.Setenv("CONGVAN_DB_DSN", "postgres://mat-khau")
	s := newStore(t, 2)
	h := openHost(t, s, nil)
	if _, err := h.Sign(context.Background(), s.person, digest(1), withPIN(personPIN)); err != nil {
		t.Fatal(err)
	}
	proc := filepath.Join("/proc", strconv.Itoa(h.PID()))
	for _, file := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(filepath.Join(proc, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{personPIN, agencyPIN, "mat-khau"} {
			if strings.Contains(string(b), secret) {
				t.Errorf("%s shows %s", file, secret)
			}
		}
	}
	limits, err := os.ReadFile(filepath.Join(proc, "limits"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if f := strings.Fields(line); strings.HasPrefix(line, "Max core file size") && (f[4] != "0" || f[5] != "0") {
			t.Error(line)
		}
	}
	args, err := os.ReadFile(filepath.Join(proc, "cmdline"))
	if err != nil {
		t.Fatal(err)
	}
	socket := strings.Split(strings.TrimRight(string(args), "\x00"), "\x00")[2]
	if _, err := os.Stat(filepath.Dir(socket)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's folder is still there: %v", err)
	}
}

// serverToBeKilled signs with a person's key, login and all, as fast as it can.
func serverToBeKilled() {
	h, err := pkcs11.OpenHost(context.Background(), pkcs11.HostOptions{
		Options: pkcs11.Options{Module: os.Getenv("T_MODULE"), Env: map[string]string{"SOFTHSM2_CONF": os.Getenv("SOFTHSM2_CONF")}, Clock: time.Now},
		Command: []string{"/proc/self/exe", "hsm-host"},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(h.PID())
	for i := 0; ; i++ {
		if _, err := h.Sign(context.Background(), os.Getenv("T_KEY"), digest(i), withPIN(personPIN)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

// TestServerKilled kills a server in the middle of its signatures, again and again. The
// host lets its call end and goes by itself; the token, which SoftHSM writes at every
// login, opens afterwards.
func TestServerKilled(t *testing.T) {
	s := newStore(t, 2)
	kills := 25
	if testing.Short() {
		kills = 5
	}
	for round := range kills {
		server := exec.Command("/proc/self/exe", "server")
		server.Env = append(os.Environ(), "T_MODULE="+s.Module, "T_KEY="+s.person, "SOFTHSM2_CONF="+s.Env["SOFTHSM2_CONF"])
		server.Stderr = os.Stderr
		out, err := server.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		lines, host := bufio.NewScanner(out), 0
		for n := 0; n < 3 && lines.Scan(); n++ {
			if n > 0 {
				continue
			}
			if host, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(round) * 300 * time.Microsecond) // somewhere else each time
		if err := server.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = server.Wait()
		if lines.Text() == "" {
			t.Fatal("the server did not sign")
		}
		gone(t, host) // it logs out first: SoftHSM writes its token in more than one piece
	}
	if err := s.Close(); err != nil { // read the files anew, as a server started again does
		t.Fatal(err)
	}
	keys, err := pkcs11.Open(pkcs11.Options{Module: s.Module, Env: s.Env, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keys.Close() }()
	sig, err := keys.Sign(context.Background(), s.person, digest(1), withPIN(personPIN))
	verify(t, s.personKey, 1, sig, err)
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return
		}
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(b), ") Z ") {
			return // ended, and nobody asked for its outcome
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("host %d outlives its server", pid)
}
