package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"congvan/internal/account"
	"congvan/internal/app"
	"congvan/internal/auth"
	"congvan/internal/store"
)

// userTokenCommand makes, lists and ends the tokens by which programs act for an account.
func userTokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Work with the API tokens of an account"}
	c.AddCommand(tokenAddCommand(), tokenListCommand(), tokenRevokeCommand())
	return c
}

// onAccount opens the database beside the server and finds an account.
func onAccount(c *cobra.Command, config, name string, do func(*store.Store, account.Account) error) error {
	cfg, err := app.LoadConfig(config)
	if err != nil {
		return err
	}
	db, err := app.OpenBeside(c.Context(), cfg, time.Now)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	a, err := db.AccountByUsername(c.Context(), account.Fold(name))
	if err != nil {
		return fmt.Errorf("account %q: %w", name, err)
	}
	return do(db, a)
}

func tokenAddCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "add NAME", Short: "Make a token; its secret is shown once and kept nowhere", Args: cobra.ExactArgs(1),
		Long: "Make an API token (Authorization: Bearer …) with which a program acts as the account in one position.\nIt has the rights of that position, no more; signing still needs the person's PIN.",
	}
	config := configFlag(c)
	purpose := c.Flags().String("for", "", "what the token is for")
	days := c.Flags().Int("days", 90, "days until it ends")
	position := c.Flags().String("position", "", "position to act in; the first one of the account when empty")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *purpose == "" || *days < 1 || *days > 3660 {
			return errors.New("--for is needed, and --days from 1 to 3660")
		}
		return onAccount(c, *config, args[0], func(db *store.Store, a account.Account) error {
			held, err := db.PositionsOf(c.Context(), a.PersonID)
			if err != nil {
				return err
			}
			in := ""
			for _, p := range held {
				if *position == "" || p.ID == *position {
					in = p.ID
					break
				}
			}
			if in == "" {
				return errors.New("the account holds no such position")
			}
			secret, hash, err := auth.NewToken(rand.Reader)
			if err != nil {
				return err
			}
			id := make([]byte, 8)
			if _, err := rand.Read(id); err != nil {
				return err
			}
			now := time.Now().UTC()
			ends := now.AddDate(0, 0, *days)
			t := account.Token{
				ID: "tok-" + hex.EncodeToString(id), AccountID: a.ID, PositionID: in, Name: *purpose, Hash: hash,
				CreatedAt: now, ExpiresAt: &ends,
			}
			detail := map[string]string{"username": a.Username, "token": t.ID, "position": in, "for": *purpose}
			if err := administer(c, db, "TOKEN_ADD", a, detail, func(tx store.Admin) error { return tx.PutToken(t) }); err != nil {
				return err
			}
			c.Printf("%s\n%s ends %s\n", secret, t.ID, ends.Format(time.DateOnly))
			return nil
		})
	}
	return c
}

func tokenListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list NAME", Short: "List the tokens of an account", Args: cobra.ExactArgs(1)}
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return onAccount(c, *config, args[0], func(db *store.Store, a account.Account) error {
			tokens, err := db.Tokens(c.Context(), a.ID)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 2, 4, 2, ' ', 0)
			for _, t := range tokens {
				state := "without end"
				switch {
				case t.RevokedAt != nil:
					state = "revoked " + t.RevokedAt.Format(time.DateOnly)
				case t.ExpiresAt != nil:
					state = "until " + t.ExpiresAt.Format(time.DateOnly)
				}
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.ID, t.Name, t.PositionID, state)
			}
			return w.Flush()
		})
	}
	return c
}

func tokenRevokeCommand() *cobra.Command {
	c := &cobra.Command{Use: "revoke NAME ID", Short: "End a token at once", Args: cobra.ExactArgs(2)}
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return onAccount(c, *config, args[0], func(db *store.Store, a account.Account) error {
			tokens, err := db.Tokens(c.Context(), a.ID)
			if err != nil {
				return err
			}
			for _, t := range tokens {
				if t.ID == args[1] {
					now := time.Now().UTC()
					t.RevokedAt = &now
					detail := map[string]string{"username": a.Username, "token": t.ID}
					return administer(c, db, "TOKEN_REVOKE", a, detail, func(tx store.Admin) error { return tx.PutToken(t) })
				}
			}
			return fmt.Errorf("account %q has no token %s", a.Username, args[1])
		})
	}
	return c
}
