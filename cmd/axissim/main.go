// Command axissim simulates the national document interconnection axis (Trục liên
// thông văn bản quốc gia) for tests and trials: systems register their agencies by a
// configuration file, send and fetch messages by the axis's own protocol, and a script
// can make things go wrong (see POST /_faults in docs/axis.md). It keeps its messages in
// a folder and goes on with them when started again. It is not the axis.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"congvan/internal/axis/axistest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `axissim simulates the national document axis.

Usage:
  axissim --config systems.json --dir DIR [--listen ADDRESS] [--addr-file FILE] [--faults SCRIPT.json]

The configuration names the systems that may connect, each with its secret and the
agencies it speaks for:

  {"systems": [{"systemid": "test-a", "secret": "…", "agencies": [
    {"code": "H99.14", "code102": "000.00.14.H99", "name": "Sở Ví dụ"}]}]}

Open the address in a browser to see what it holds; GET /metrics counts; POST /_faults
makes things go wrong, for example {"operation": "sendEdoc", "kind": "lost-answer"}; a script
of faults, an array of them, does so from the start.

Options:
`

// run is the program; it returns the exit code: 0 stopped, 1 failed, 2 wrong usage.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("axissim", flag.ContinueOnError)
	flags.SetOutput(errOut)
	listen := flags.String("listen", "127.0.0.1:8686", "`address` to listen on; port 0 takes a free one")
	addrFile := flags.String("addr-file", "", "`file` to write the address into once it is served")
	dir := flags.String("dir", "", "`folder` that keeps the messages")
	faults := flags.String("faults", "", "`file` with faults to arm at the start, in JSON")
	config := flags.String("config", "", "`file` with the systems and agencies, in JSON")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	for _, a := range args {
		if a == "--help" || a == "-help" || a == "-h" {
			flags.SetOutput(out)
		}
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0 || *dir == "" || *config == "":
		flags.Usage()
		return 2
	}
	if err := serve(ctx, *listen, *addrFile, *dir, *config, *faults, out); err != nil {
		fmt.Fprintln(errOut, "axissim:", err)
		return 1
	}
	return 0
}

// serve runs the simulator until ctx ends.
func serve(ctx context.Context, listen, addrFile, dir, config, faults string, out io.Writer) (err error) {
	systems, err := readSystems(config)
	if err != nil {
		return err
	}
	sim, err := axistest.New(axistest.Options{Clock: time.Now, Dir: dir, Systems: systems})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sim.Close()) }()
	if err := arm(sim, faults); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: sim, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 256 << 10,
	}
	address := listener.Addr().String()
	if addrFile != "" {
		if err := writeWhole(addrFile, address); err != nil {
			listener.Close()
			return err
		}
	}
	fmt.Fprintf(out, "axissim serves http://%s\n", address)

	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return server.Close()
	}
	return nil
}

// arm plays a script of faults; none without a name.
func arm(sim *axistest.Simulator, name string) error {
	if name == "" {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	script, err := axistest.ReadFaults(f)
	for _, x := range script {
		if err == nil {
			err = sim.AddFault(x)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func readSystems(name string) ([]axistest.System, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var config struct {
		Systems []axistest.System `json:"systems"`
	}
	dec := json.NewDecoder(f)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&config); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(config.Systems) == 0 {
		return nil, fmt.Errorf("%s names no systems", name)
	}
	return config.Systems, nil
}

// writeWhole writes a file so that a reader who waits for it never sees half of it.
func writeWhole(name, text string) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".axissim-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
