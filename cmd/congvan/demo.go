package main

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"congvan/internal/demo"
	"congvan/internal/org"
	"congvan/internal/walk"
)

func demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "demo", Short: "Run the demonstration: two installations and the axis simulator, until Ctrl-C", Args: cobra.NoArgs,
		Long: `Prepares demonstration data on the first run (invented agencies and people, test
certificates, documents of the last 60 days), sends one sample dispatch through the whole
road, then leaves both installations and the axis simulator running until Ctrl-C. A second
run starts at once and repeats nothing.`,
	}
	f := c.Flags()
	dir := f.String("dir", filepath.Join("data", "demo"), "folder of the demonstration")
	documents := f.Int("documents", 140, "demonstration documents of each installation with several agencies")
	samples := f.String("samples", "testdata", "folder with the sample PDFs")
	a := f.Int("port-a", 8080, "port of installation A")
	b := f.Int("port-b", 8081, "port of installation B")
	axis := f.Int("port-axis", 8090, "port of the axis simulator")
	authority := f.Int("port-authority", 8091, "port of the certification authority: timestamps, OCSP, revocation lists")
	once := f.Bool("once", false, "stop after the sample dispatch")
	c.RunE = func(c *cobra.Command, _ []string) error {
		self, sim, err := binaries()
		if err != nil {
			return err
		}
		root, err := filepath.Abs(*dir)
		if err != nil {
			return err
		}
		c.Println("Chuẩn bị môi trường trình diễn (dữ liệu và chứng thư thử nghiệm)…")
		w, err := walk.StartWorld(c.Context(), walk.WorldOptions{
			Congvan: self, Axissim: sim, Dir: root, DB: "sqlite", Blobs: "fs", Documents: *documents,
			Ports: []int{*axis, *a, *b}, AuthorityPort: *authority, Progress: c.OutOrStdout(), Clock: time.Now, Rand: rand.Reader,
		})
		if err != nil {
			return err
		}
		defer w.Stop()
		if err := sampleDispatch(c, w, *samples); err != nil {
			return err
		}
		if *once {
			return nil
		}
		printAccounts(c, w)
		<-c.Context().Done()
		c.Println("\nĐang dừng…")
		return nil
	}
	return c
}

// sampleDispatch sends one dispatch through the whole road on the first run.
func sampleDispatch(c *cobra.Command, w *walk.World, samples string) error {
	done := filepath.Join(w.Dir, "sample-dispatch")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	road := walk.NewRoad(w.A.Base, w.B.Base, c.OutOrStdout(), time.Now)
	err := road.Run(c.Context(), walk.Files{
		Sender: "svd", Peer: "stn",
		Main: filepath.Join(samples, "cong-van-1.pdf"), Annex: filepath.Join(samples, "phu-luc.pdf"), Answer: filepath.Join(samples, "tra-loi.pdf"),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}

func printAccounts(c *cobra.Command, w *walk.World) {
	c.Printf("\nA  Thành phố trình diễn     %s\nB  Sở Mẫu tỉnh Mẫu          %s\n   Mô phỏng trục liên thông %s\n   Chứng thực, dấu thời gian %s\n\n", w.A.Base, w.B.Base, w.Axis.Base, w.Authority.Base)
	c.Printf("Mật khẩu mọi tài khoản: %s   Mã PIN ký số: %s   (CHỨNG THƯ THỬ NGHIỆM)\n\n", demo.Password, demo.PIN)
	t := tabwriter.NewWriter(c.OutOrStdout(), 2, 4, 2, ' ', 0)
	for _, site := range demo.Sites() {
		for _, a := range site.Agencies {
			if !a.Local {
				continue
			}
			_, _ = t.Write([]byte(site.Key + "\t" + a.Name + "\t"))
			for _, s := range a.Staff {
				if s.Position.Has(org.RoleAdmin) || s.Position.Has(org.RoleAuditor) {
					continue
				}
				_, _ = t.Write([]byte(s.Username + "\t"))
			}
			_, _ = t.Write([]byte("\n"))
		}
	}
	_ = t.Flush()
	c.Println("\ngd lãnh đạo · pgd cấp phó · tp lãnh đạo đơn vị · cv, cv2 chuyên viên · tt kiểm tra thể thức · vt văn thư\nNhấn Ctrl-C để dừng.")
}
