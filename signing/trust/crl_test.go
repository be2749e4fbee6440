package trust

import (
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParseCRL compares with the standard library: what both read must agree.
func FuzzParseCRL(f *testing.F) {
	files, err := filepath.Glob("testdata/*.pem")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		block, _ := pem.Decode(data)
		f.Add(block.Bytes)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		list, err := parseCRL(der)
		if err != nil {
			return
		}
		list.lookUp(big.NewInt(4096))
		std, err := x509.ParseRevocationList(der)
		if err != nil {
			return
		}
		if !std.ThisUpdate.Equal(list.thisUpdate) || !std.NextUpdate.Equal(list.nextUpdate) {
			t.Fatalf("times %v %v, the library reads %v %v", list.thisUpdate, list.nextUpdate, std.ThisUpdate, std.NextUpdate)
		}
		for _, e := range std.RevokedCertificateEntries {
			if _, found, err := list.lookUp(e.SerialNumber); err == nil && !found {
				t.Fatalf("revoked serial %v overlooked", e.SerialNumber)
			}
		}
	})
}
