package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"congvan/signing/pkcs11"
)

// hsmHost is the command line that runs a PKCS#11 module in a process of its own: this very
// program, even when its file has been replaced since.
func hsmHost() []string {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return []string{self, hsmHostName}
	}
	path, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{path, hsmHostName}
}

const hsmHostName = "hsm-host"

func hsmHostCommand() *cobra.Command {
	return &cobra.Command{
		Use: hsmHostName + " SOCKET", Short: "Run a PKCS#11 module for a server (started by the server itself)", Args: cobra.ExactArgs(1), Hidden: true,
		Long: `Runs the vendor's PKCS#11 module for a server, which starts this process itself and gives
it its whole configuration over the socket: digests come in, signatures go out. It ends when
the server does, after the calls that are under way. There is no use for it by hand.`,
		RunE: func(_ *cobra.Command, args []string) error {
			// The server says when to end, by closing the connection or by dying (SIGHUP): a
			// signature under way must not be torn by a signal that was meant for the server.
			signal.Ignore(os.Interrupt, syscall.SIGTERM)
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP)
			defer stop()
			return pkcs11.ServeHost(ctx, args[0], time.Now)
		},
	}
}
