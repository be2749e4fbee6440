package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"congvan/internal/account"
	"congvan/internal/app"
	"congvan/internal/auth"
	"congvan/internal/journal"
	"congvan/internal/store"
)

func userCommand() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Work with local accounts"}
	c.AddCommand(userListCommand(), userPasswordCommand(), userLockCommand("lock", true), userLockCommand("unlock", false), userTokenCommand())
	return c
}

func userListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the accounts", Args: cobra.NoArgs}
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := app.LoadConfig(*config)
		if err != nil {
			return err
		}
		db, err := app.OpenBeside(c.Context(), cfg, time.Now)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		accounts, err := db.Accounts(c.Context())
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(c.OutOrStdout(), 2, 4, 2, ' ', 0)
		for _, a := range accounts {
			state := ""
			if a.Locked {
				state = "locked"
			}
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\n", a.Username, a.PersonID, state)
		}
		return t.Flush()
	}
	return c
}

// minPassword is the least length of a password that an administrator sets.
const minPassword = 12

func userPasswordCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "password NAME", Short: "Set an account's password, read from standard input, and end its sessions", Args: cobra.ExactArgs(1),
	}
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		line, err := bufio.NewReader(c.InOrStdin()).ReadString('\n')
		password := strings.TrimRight(line, "\r\n")
		if err != nil && password == "" {
			return errors.New("no password on standard input")
		}
		if len([]rune(password)) < minPassword {
			return fmt.Errorf("the password needs at least %d characters", minPassword)
		}
		hash, err := auth.HashPassword(password, auth.Cost{}, rand.Reader)
		if err != nil {
			return err
		}
		return changeAccount(c, *config, args[0], "ACCOUNT_PASSWORD", func(a *account.Account) {
			a.PasswordHash, a.FailedLogins, a.LockedUntil = hash, 0, nil
			a.Epoch++
		})
	}
	return c
}

func userLockCommand(verb string, locked bool) *cobra.Command {
	c := &cobra.Command{Use: verb + " NAME", Short: "Lock an account and end its sessions at once", Args: cobra.ExactArgs(1)}
	if !locked {
		c.Short = "Unlock an account"
	}
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		act := "ACCOUNT_LOCK"
		if !locked {
			act = "ACCOUNT_UNLOCK"
		}
		return changeAccount(c, *config, args[0], act, func(a *account.Account) {
			a.Locked = locked
			a.Epoch++
		})
	}
	return c
}

// administer changes an account or its tokens and journals the act in the same transaction.
// At a terminal there is no account to name: the entry says that the command line did it,
// and the operating system's user.
func administer(c *cobra.Command, db *store.Store, act string, a account.Account, detail map[string]string, do func(store.Admin) error) error {
	by := "congvan user"
	if u, err := user.Current(); err == nil {
		by += " (" + u.Username + ")"
	}
	return db.Administer(c.Context(), func(tx store.Admin) error {
		if err := do(tx); err != nil {
			return err
		}
		return tx.Journal(journal.Entry{
			At: time.Now(), Actor: journal.Actor{AccountID: "command-line", Name: by}, Action: act,
			ObjectKind: "account", ObjectID: a.ID, Detail: detail,
		})
	})
}

func changeAccount(c *cobra.Command, config, name, act string, change func(*account.Account)) error {
	return onAccount(c, config, name, func(db *store.Store, a account.Account) error {
		err := administer(c, db, act, a, map[string]string{"username": a.Username}, func(tx store.Admin) error {
			return tx.ChangeAccount(a.ID, func(x *account.Account) error { change(x); return nil })
		})
		if err != nil {
			return err
		}
		c.Println("Done:", a.Username)
		return nil
	})
}
