package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"congvan/internal/signcli"
	"congvan/signing"
	"congvan/signing/validation"
)

func verifyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "verify [--trust PEM-or-dir]… [--offline] [--at RFC3339] [--json | --etsi] [--evidence DIR] FILE…", Short: "Judge the signatures of PDF files",
		DisableFlagsInUseLine: true,
		Long: `Judges every signature of each file: what it covers, whether it is intact, what was changed
after it, and the certificate of its signer.

Nobody is trusted but the certificates given with --trust. In a folder given there, files named
.crl are revocation lists, .ocsp OCSP responses, and .evidence what --evidence wrote. No address is asked unless CONGVAN_TRUST_HOSTS lists its host
(commas between hosts); with --offline none is at all.

Exit codes: 0 all files are VALID; 1 at least one is INVALID, EXPIRED or REVOKED; 2 anything
else (UNKNOWN, UNSIGNED, UNREADABLE); 64 wrong usage.`,
	}
	f := c.Flags()
	trust := f.StringArray("trust", nil, "file or folder with trusted certificates; may be repeated")
	offline := f.Bool("offline", false, "ask no address, whatever CONGVAN_TRUST_HOSTS says")
	at := f.String("at", "", "judge as of this time (RFC 3339); default now")
	asJSON := f.Bool("json", false, "print one JSON object per file and line (docs/verify-report.schema.json)")
	asETSI := f.Bool("etsi", false, "print the validation report of ETSI TS 119 102-2, one XML document per file")
	evidence := f.String("evidence", "", "write into this folder what the verdicts stand on; --trust reads it back")
	c.MarkFlagsMutuallyExclusive("json", "etsi")
	usageErrors(c, cobra.MinimumNArgs(1))
	c.RunE = func(c *cobra.Command, files []string) error {
		o := signcli.VerifyOptions{Trust: *trust, Clock: time.Now, Warn: c.ErrOrStderr(), Evidence: *evidence}
		if *at != "" {
			var err error
			if o.At, err = time.Parse(time.RFC3339, *at); err != nil {
				return usage(fmt.Errorf("--at %q: write it as 2026-11-21T15:04:05+07:00", *at))
			}
		}
		if hosts := os.Getenv("CONGVAN_TRUST_HOSTS"); hosts != "" && !*offline {
			o.Hosts = strings.FieldsFunc(hosts, func(r rune) bool { return r == ',' || r == ' ' })
		}
		v, err := signcli.NewVerifier(o)
		if err != nil {
			return usage(err)
		}
		write := signcli.WriteText
		switch {
		case *asJSON:
			write = signcli.WriteJSON
		case *asETSI:
			write = validation.WriteETSI
		}
		var verdicts []signing.Verdict
		for _, path := range files {
			report, err := v.File(c.Context(), path)
			if err == nil {
				err = write(c.OutOrStdout(), report)
			}
			if err != nil {
				return exit{signcli.ExitUnknown, err}
			}
			verdicts = append(verdicts, report.Verdict)
		}
		if code := signcli.ExitCode(verdicts...); code != signcli.ExitValid {
			return exit{code, nil}
		}
		return nil
	}
	return c
}
