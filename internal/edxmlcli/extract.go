package edxmlcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"congvan/internal/axis/edxml"
)

// ErrNoDocument says that a message is a status, which has no attachments.
var ErrNoDocument = errors.New("là trạng thái, không có tệp đính kèm / a status has no attachments")

// Extract writes a message's attachments into the folder dir, which is made if it is not
// there, under safe names that were not taken: nothing is overwritten and no link is
// followed out of the folder. SafeName of each is what the file is called. A message at
// fault is a report with Error, and nothing is written.
func Extract(ctx context.Context, name string, r io.Reader, dir string) (*Report, error) {
	temp := edxml.NewTemp("")
	defer func() { _ = temp.Close() }()
	report, m, err := read(ctx, name, r, temp)
	if err != nil || report.Error != nil {
		return report, err
	}
	if m == nil {
		return report, ErrNoDocument
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	for i := range m.Attachments {
		if report.Attachments[i].SafeName, err = save(root, report.Attachments[i].SafeName, &m.Attachments[i]); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// save writes one file under the name or, if that is taken, the next one that is free.
func save(root *os.Root, name string, a *edxml.Attachment) (string, error) {
	try := name
	f, err := create(root, try)
	for i := 2; errors.Is(err, fs.ErrExist) && i < 10_000; i++ {
		try = numbered(name, i)
		f, err = create(root, try)
	}
	if err != nil {
		return "", err
	}
	if err := a.Copy(f); err != nil {
		_ = f.Close()
		_ = root.Remove(try)
		return "", fmt.Errorf("%s: %w", try, err)
	}
	return try, f.Close()
}

func create(root *os.Root, name string) (*os.File, error) {
	return root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// WriteExtracted says for people what was written where.
func WriteExtracted(w io.Writer, dir string, r *Report) error {
	p := &page{}
	fmt.Fprintf(p, "%s → %s\n", printable(r.File), printable(dir))
	p.files(r.Attachments)
	_, err := io.WriteString(w, p.String())
	return err
}
