package pkcs11

import (
	"fmt"
	"os"
	"path/filepath"
)

// FindSoftHSM returns the path of the SoftHSM2 library where the usual distributions
// install it.
func FindSoftHSM() (string, error) {
	for _, pattern := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"} {
		found, err := filepath.Glob(pattern)
		if err == nil && len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("%w: SoftHSM2 is not installed (Debian package softhsm2)", ErrModule)
}

// SoftHSMConf writes a SoftHSM2 configuration for the token store dir, which is made
// when missing, and returns the environment for Options.Env.
func SoftHSMConf(path, dir string) (map[string]string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	conf := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n", dir)
	if old, err := os.ReadFile(path); err != nil || string(old) != conf {
		if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
			return nil, err
		}
	}
	return map[string]string{"SOFTHSM2_CONF": path}, nil
}
