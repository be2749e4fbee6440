// Command congvan is the document-flow server and its tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the build.
var version = "unversioned"

func main() { os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr)) }

// run is main without the process: it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := command()
	root.SetArgs(args[1:])
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var chosen exit
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &chosen):
		chosen = exit{1, err}
	}
	if chosen.err != nil {
		_, _ = fmt.Fprintln(stderr, "congvan:", chosen.err)
	}
	return chosen.code
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "congvan",
		Short:         "Công Văn: document flow with digital signatures for state agencies",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		serveCommand(), migrateCommand(), userCommand(), journalCommand(), doctorCommand(),
		axisCommand(), signCommand(), verifyCommand(), edxmlCommand(), demoCommand(), walkCommand(), benchCommand(), hsmHostCommand(), versionCommand(),
	)
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(c *cobra.Command, _ []string) { c.Println("congvan", version) },
	}
}
