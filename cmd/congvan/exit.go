package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"congvan/internal/signcli"
)

// exit is an error that chooses the exit code of the process. Without err nothing more
// is said: the command has said it.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// usage is the error of a command that was called wrongly.
func usage(err error) error { return exit{signcli.ExitUsage, err} }

// usageErrors makes wrong flags and arguments of a command end with the code for usage.
func usageErrors(c *cobra.Command, args cobra.PositionalArgs) {
	say := func(err error) error {
		if err == nil {
			return nil
		}
		return usage(fmt.Errorf("%w\nUsage: %s\nSee %s --help", err, c.UseLine(), c.CommandPath()))
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return say(err) })
	c.Args = func(c *cobra.Command, a []string) error { return say(args(c, a)) }
}
