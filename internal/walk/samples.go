package walk

import (
	"os"
	"path/filepath"

	"congvan/internal/testpdf"
)

// bigSize is the size of the large dispatch, in bytes.
const bigSize = 50 << 20

// Dispatches are the kinds of real PDF that a walk takes through the whole road: made by
// LibreOffice, with cross-reference streams, with a form, linearized, of 50 MB; annexes
// with a text layer and as an image-only scan. done removes what was made for them.
func Dispatches(samples string) (list []Files, done func(), err error) {
	at := func(name string) string { return filepath.Join(samples, name) }
	dir, err := os.MkdirTemp("", "congvan-samples-")
	if err != nil {
		return nil, nil, err
	}
	done = func() { _ = os.RemoveAll(dir) }
	big := filepath.Join(dir, "cong-van-50-mb.pdf")
	if err := makeBig(at("cong-van-1.pdf"), big); err != nil {
		done()
		return nil, nil, err
	}
	road := func(main, annex string) Files {
		return Files{Sender: "svd", Peer: "stn", Main: main, Annex: at(annex), Answer: at("tra-loi.pdf")}
	}
	form := road(at("cong-van-bieu-mau.pdf"), "phu-luc-scan.pdf") // a letter of the other agency
	form.Sender, form.Peer = "stn", "svd"
	return []Files{
		road(at("cong-van-1.pdf"), "phu-luc-scan.pdf"),
		road(at("cong-van-1-xref-stream.pdf"), "phu-luc.pdf"),
		form,
		road(at("cong-van-1-linearized.pdf"), "phu-luc.pdf"),
		road(big, "phu-luc-scan.pdf"),
	}, done, nil
}

func makeBig(base, out string) error {
	f, err := os.Open(base) //nolint:gosec // a sample the caller named
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	w, err := os.Create(out) //nolint:gosec // in our own temporary folder
	if err != nil {
		return err
	}
	err = testpdf.Big(w, f, info.Size(), bigSize)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}
