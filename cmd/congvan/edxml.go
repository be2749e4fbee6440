package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"congvan/internal/axis/edxml"
	"congvan/internal/edxmlcli"
)

func edxmlCommand() *cobra.Command {
	c := &cobra.Command{Use: "edxml", Short: "Show, take apart and build messages of the national axis (edXML)"}
	c.AddCommand(edxmlInspectCommand(), edxmlExtractCommand(), edxmlBuildCommand())
	return c
}

func edxmlInspectCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "inspect [--json] FILE…", Short: "Show messages in words", DisableFlagsInUseLine: true,
		Long: `Shows each message: its kind, what it says, its attachments with type (by their bytes), size and
SHA-256, elements the format does not know, and oddities. FILE - is the standard input. Nothing is
written and no connection is opened.

Exit codes: 0 all messages are readable; 1 at least one is refused or cannot be opened, the reason on
standard error (with --json also in the output); 64 wrong usage.`,
	}
	asJSON := c.Flags().Bool("json", false, "print one JSON object per message and line (docs/edxml-inspect.schema.json)")
	usageErrors(c, cobra.MinimumNArgs(1))
	c.RunE = func(c *cobra.Command, files []string) error {
		refused := false
		for _, name := range files {
			var report *edxmlcli.Report
			err := opened(c, name, func(r io.Reader) (err error) {
				report, err = edxmlcli.Inspect(c.Context(), name, r, "")
				return err
			})
			switch {
			case err != nil:
				refused = true
				c.PrintErrln("congvan:", err)
				continue
			case report.Error != nil:
				refused = true
				c.PrintErrln("congvan:", report.Sentence())
			}
			if *asJSON {
				err = edxmlcli.WriteJSON(c.OutOrStdout(), report)
			} else if report.Error == nil {
				err = edxmlcli.WriteText(c.OutOrStdout(), report)
			}
			if err != nil {
				return err
			}
		}
		if refused {
			return exit{1, nil}
		}
		return nil
	}
	return c
}

func edxmlExtractCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "extract [--json] FILE DIR", Short: "Write a message's attachments into a folder", DisableFlagsInUseLine: true,
		Long: `Writes the attachments of a message into DIR, which is made if it is not there, and says under
which names. The names of the message are foreign words: they are made safe, numbered where they are
taken, and never lead out of DIR. Nothing is overwritten. A message that is refused leaves nothing.

Exit codes: 0 written; 1 refused or not written, with the reason; 64 wrong usage.`,
	}
	asJSON := c.Flags().Bool("json", false, "print the report of inspect, with the names as written")
	usageErrors(c, cobra.ExactArgs(2))
	c.RunE = func(c *cobra.Command, args []string) error {
		return opened(c, args[0], func(r io.Reader) error {
			report, err := edxmlcli.Extract(c.Context(), args[0], r, args[1])
			switch {
			case err != nil:
				return err
			case report.Error != nil:
				return errors.New(report.Sentence())
			case *asJSON:
				return edxmlcli.WriteJSON(c.OutOrStdout(), report)
			}
			return edxmlcli.WriteExtracted(c.OutOrStdout(), args[1], report)
		})
	}
	return c
}

func edxmlBuildCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "build DESCRIPTION.json [--dialect sdk|dotnet] [-o FILE]", Short: "Build a message from a description", DisableFlagsInUseLine: true,
		Long: `Builds a document or status message from a JSON description (docs/edxml-build.schema.json) and
writes it to FILE or the standard output. Files are named by paths relative to the description and
must lie in its folder or below. Every field is held against the format before anything is written,
and each that breaks a rule is named. DESCRIPTION - is the standard input, files then lie in the
working folder.

Exit codes: 0 written; 1 not written, with the reasons; 64 wrong usage.`,
	}
	dialect := c.Flags().String("dialect", "sdk", "sdk (the operator's Java library) or dotnet")
	out := c.Flags().StringP("output", "o", "", "where the message goes; default standard output")
	usageErrors(c, cobra.ExactArgs(1))
	c.RunE = func(c *cobra.Command, args []string) error {
		d := edxml.SDK()
		switch *dialect {
		case "sdk":
		case "dotnet":
			d = edxml.DotNet()
		default:
			return usage(fmt.Errorf("--dialect %q: sdk or dotnet", *dialect))
		}
		var described *edxmlcli.Description
		err := opened(c, args[0], func(r io.Reader) (err error) {
			described, err = edxmlcli.ParseDescription(r)
			return err
		})
		if err != nil {
			return err
		}
		dir := "."
		if args[0] != "-" {
			dir = filepath.Dir(args[0])
		}
		return written(c.Context(), *out, c.OutOrStdout(), func(w io.Writer) error {
			return edxmlcli.Build(c.Context(), w, described, dir, d, time.Now())
		})
	}
	return c
}

// opened calls fn with the file of that name, or with the standard input for "-".
func opened(c *cobra.Command, name string, fn func(io.Reader) error) error {
	if name == "-" {
		return fn(c.InOrStdin())
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("%s: là thư mục / is a folder", name)
	}
	return fn(f)
}

// written lets fn write the file of that name, which is there whole or not at all, or
// stdout if there is no name.
func written(ctx context.Context, name string, stdout io.Writer, fn func(io.Writer) error) error {
	if name == "" {
		return fn(stdout)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".edxml-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	err = fn(f)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
