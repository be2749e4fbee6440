// Package app puts the product together: the only package that knows every adapter. A
// Config becomes an App; Run serves until its context ends; Close releases everything.
package app

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/pelletier/go-toml/v2"

	"congvan/internal/axis/edxml"

	"congvan/signing"
)

// Config is the installation's configuration: TOML, unknown keys refused, environment
// variables CONGVAN_… on top. The zero value of every field works on one machine.
type Config struct {
	Listen string `toml:"listen" env:"LISTEN"` // address; default 127.0.0.1:8080
	// MetricsListen is the address of /metrics for the operator's monitoring; none when empty.
	MetricsListen string `toml:"metrics_listen" env:"METRICS_LISTEN"`
	AddrFile      string `toml:"addr_file" env:"ADDR_FILE"` // where the bound address is written, for tests
	Data          string `toml:"data" env:"DATA"`           // folder of everything this installation keeps; default ./data
	Mode          string `toml:"mode" env:"MODE"`           // "demo" or "production"; default production
	LogLevel      string `toml:"log_level" env:"LOG_LEVEL"` // debug, info, warn, error; default info

	TLSCert        string   `toml:"tls_cert" env:"TLS_CERT"` // PEM files; without them only loopback is served
	TLSKey         string   `toml:"tls_key" env:"TLS_KEY"`
	TrustedProxies []string `toml:"trusted_proxies" env:"TRUSTED_PROXIES"`
	UploadMB       int64    `toml:"upload_mb" env:"UPLOAD_MB"` // of one file; default 200

	Database Database `toml:"database" envPrefix:"DB_"`
	Blobs    Blobs    `toml:"blobs" envPrefix:"BLOBS_"`
	Keys     Keys     `toml:"keys" envPrefix:"KEYS_"`
	Trust    Trust    `toml:"trust" envPrefix:"TRUST_"`
	Signing  Levels   `toml:"signing" envPrefix:"SIGNING_"`
	Axis     Axis     `toml:"axis" envPrefix:"AXIS_"`
	Journal  Journal  `toml:"journal" envPrefix:"JOURNAL_"`
	Receipt  Receipt  `toml:"receipt" envPrefix:"RECEIPT_"`
	Demo     Demo     `toml:"demo" envPrefix:"DEMO_"`
}

// Demo is set by the demonstration only, and refused in production mode.
type Demo struct {
	CADir  string `toml:"ca_dir" env:"CA_DIR"`   // of the demonstration authority, whose lists are renewed
	PKIDir string `toml:"pki_dir" env:"PKI_DIR"` //
	Site   string `toml:"site" env:"SITE"`       // whose accounts the sign-in page lists
	Cookie string `toml:"cookie" env:"COOKIE"`   // name of the session cookie: two installations on one host
	// CrashAfter ends the process after that many effects of the acts; tests of faults set it.
	CrashAfter int64 `toml:"crash_after,omitempty" env:"CRASH_AFTER"`
}

// Database is the one truth: SQLite in the data folder, or PostgreSQL.
type Database struct {
	Driver string `toml:"driver" env:"DRIVER"` // sqlite (default) or postgres
	DSN    string `toml:"dsn" env:"DSN"`       // sqlite: a path, default DATA/congvan.db; postgres: a connection string
}

// Blobs is where files are kept.
type Blobs struct {
	Kind          string `toml:"kind" env:"KIND"` // fs (default) or s3
	Endpoint      string `toml:"endpoint" env:"ENDPOINT"`
	Bucket        string `toml:"bucket" env:"BUCKET"`
	Region        string `toml:"region" env:"REGION"`
	Insecure      bool   `toml:"insecure" env:"INSECURE"` // plain HTTP: loopback and closed networks only
	AccessKeyFile string `toml:"access_key_file" env:"ACCESS_KEY_FILE"`
	SecretKeyFile string `toml:"secret_key_file" env:"SECRET_KEY_FILE"`
}

// Keys is the PKCS#11 module that signs.
type Keys struct {
	Module   string `toml:"module" env:"MODULE"`     // shared library; default Debian's SoftHSM2
	ConfFile string `toml:"conf_file" env:"CONF"`    // SOFTHSM2_CONF of a SoftHSM
	Sessions int    `toml:"sessions" env:"SESSIONS"` // of the pool of an agency slot; default 8
	// Host says where the server runs the module: "process" (default), a process of its own
	// that is killed and started again when the vendor's code hangs or crashes, or "inprocess".
	Host string `toml:"host" env:"HOST"`
	// CallTimeout is how long one call into the module may take before its process is killed;
	// default 20 s.
	CallTimeout time.Duration `toml:"call_timeout" env:"CALL_TIMEOUT"`
}

// Where the module runs.
const (
	HostProcess   = "process"
	HostInProcess = "inprocess"
)

// Trust are the pinned anchors, the revocation lists and whom to ask over the network.
type Trust struct {
	Anchors []string `toml:"anchors" env:"ANCHORS"` // PEM files
	CRLs    []string `toml:"crls" env:"CRLS"`       // files, read again when they change
	TSA     []string `toml:"tsa" env:"TSA"`         // addresses of timestamp servers (RFC 3161), asked in this order
	// Hosts that may be asked for revocation information and certificates, as "host" or
	// "host:port"; the addresses themselves stand in certificates. None: no network.
	Hosts []string `toml:"hosts" env:"HOSTS"`
}

// Levels say what signatures must reach.
type Levels struct {
	// Level of a sealed document before it is issued: B-T, B-LT or B-LTA (default). B-B, in a
	// demonstration alone, is its default without trust.tsa.
	Level string `toml:"level" env:"LEVEL"`
	// GraceHours is how long documents are still signed and issued without timestamp server or
	// revocation information; default 8, negative: not at all. The alarm comes at a quarter.
	GraceHours float64 `toml:"grace_hours" env:"GRACE_HOURS"`
}

// Grace of the levels.
func (l Levels) Grace() time.Duration {
	return time.Duration(max(0, l.GraceHours) * float64(time.Hour))
}

// Axis is the connection to the national document interconnection axis.
type Axis struct {
	Endpoint   string        `toml:"endpoint" env:"ENDPOINT"` // empty: no axis
	SystemID   string        `toml:"system_id" env:"SYSTEM_ID"`
	SecretFile string        `toml:"secret_file" env:"SECRET_FILE"`
	Poll       time.Duration `toml:"poll" env:"POLL"`         // default 30 s
	Agencies   time.Duration `toml:"agencies" env:"AGENCIES"` // how often its list of agencies is taken into the directory; default 24 h, in demonstrations never; below 0 never
	CAFile     string        `toml:"ca_file" env:"CA_FILE"`   // PEM of the authorities that its TLS certificate is under; empty: the system's
	Dialect    string        `toml:"dialect" env:"DIALECT"`   // "sdk" (default) or "dotnet", as docs/axis.md tells them apart
	Codes      string        `toml:"codes" env:"CODES"`       // of agencies in messages: "qd20" (default) or "qcvn102", the old ones
	Protocol   string        `toml:"protocol" env:"PROTOCOL"` // "vxp" (default), the axis's own, or "lgsp", a provincial platform's façade
	Username   string        `toml:"username" env:"USERNAME"` // of the façade's sign-in, with the password's file and the application's code
	Password   string        `toml:"password_file" env:"PASSWORD_FILE"`
	App        string        `toml:"application_code" env:"APPLICATION_CODE"`
	PaddedHash bool          `toml:"padded_hash" env:"PADDED_HASH"` // hash-file in 64 hex digits instead of the operator's library's form
}

// Receipt is when the clerk is warned that a sender must still be told, the same day, that
// its document was received (NĐ 30/2020 Đ.21.2.c).
type Receipt struct {
	DayEnds time.Duration `toml:"day_ends" env:"DAY_ENDS"` // end of the working hours since midnight; default 17h
	Warn    time.Duration `toml:"warn" env:"WARN"`         // how long before it; default 3h
}

// Protocols of the axis (docs/axis.md).
const (
	ProtocolVXP  = "vxp"
	ProtocolLGSP = "lgsp"
)

// Journal is where the signed checkpoints of the journal's head go, and the key, both
// outside the database.
type Journal struct {
	KeyFile        string `toml:"key_file" env:"KEY_FILE"`               // default DATA/journal/key.pem, made on first run
	CheckpointFile string `toml:"checkpoint_file" env:"CHECKPOINT_FILE"` // default DATA/journal/checkpoints
}

// SoftHSMModule is where Debian puts SoftHSM2.
const SoftHSMModule = "/usr/lib/softhsm/libsofthsm2.so"

// LoadConfig reads file (none when empty) and the environment, and fills the defaults.
func LoadConfig(file string) (Config, error) {
	var c Config
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return c, fmt.Errorf("configuration: %w", err)
		}
		dec := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields()
		if err := dec.Decode(&c); err != nil {
			var strict *toml.StrictMissingError
			if errors.As(err, &strict) {
				return c, fmt.Errorf("configuration %s: unknown key:\n%s", file, strict.String())
			}
			var wrong *toml.DecodeError
			if errors.As(err, &wrong) {
				return c, fmt.Errorf("configuration %s: %w:\n%s", file, err, wrong.String())
			}
			return c, fmt.Errorf("configuration %s: %w", file, err)
		}
	}
	if err := env.ParseWithOptions(&c, env.Options{Prefix: "CONGVAN_"}); err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	return c, c.Fill()
}

// Fill sets the defaults and checks what can be checked without touching anything.
func (c *Config) Fill() error {
	def := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	def(&c.Listen, "127.0.0.1:8080")
	def(&c.Data, "data")
	def(&c.Mode, "production")
	def(&c.LogLevel, "info")
	def(&c.Database.Driver, "sqlite")
	def(&c.Blobs.Kind, "fs")
	def(&c.Keys.Module, SoftHSMModule)
	def(&c.Keys.Host, HostProcess)
	def(&c.Journal.KeyFile, filepath.Join(c.Data, "journal", "key.pem"))
	def(&c.Journal.CheckpointFile, filepath.Join(c.Data, "journal", "checkpoints"))
	if c.Database.Driver == "sqlite" {
		def(&c.Database.DSN, filepath.Join(c.Data, "congvan.db"))
	}
	if c.Mode == "demo" && len(c.Trust.TSA) == 0 {
		def(&c.Signing.Level, string(signing.LevelB))
	}
	def(&c.Signing.Level, string(signing.LevelLTA))
	if c.Signing.GraceHours == 0 {
		c.Signing.GraceHours = 8
	}
	if c.UploadMB == 0 {
		c.UploadMB = 200
	}
	if c.Keys.Sessions == 0 {
		c.Keys.Sessions = 8
	}
	if c.Keys.CallTimeout == 0 {
		c.Keys.CallTimeout = 20 * time.Second
	}
	if c.Axis.Poll == 0 {
		c.Axis.Poll = 30 * time.Second
	}
	if c.Axis.Agencies == 0 {
		// A demonstration's directory is the one it was given.
		if c.Axis.Agencies = -1; c.Mode != "demo" {
			c.Axis.Agencies = 24 * time.Hour
		}
	}
	return c.check()
}

func (c *Config) check() error {
	switch {
	case c.Mode != "demo" && c.Mode != "production":
		return fmt.Errorf("configuration: mode is %q; it must be demo or production", c.Mode)
	case c.Mode == "production" && c.Demo != (Demo{}):
		return errors.New("configuration: [demo] is of the demonstration alone; take it out, or use mode = \"demo\"")
	case c.Database.Driver != "sqlite" && c.Database.Driver != "postgres":
		return fmt.Errorf("configuration: database.driver is %q; it must be sqlite or postgres", c.Database.Driver)
	case c.Database.DSN == "":
		return errors.New("configuration: database.dsn is needed with postgres")
	case c.Blobs.Kind != "fs" && c.Blobs.Kind != "s3":
		return fmt.Errorf("configuration: blobs.kind is %q; it must be fs or s3", c.Blobs.Kind)
	case c.Blobs.Kind == "s3" && (c.Blobs.Endpoint == "" || c.Blobs.Bucket == "" || c.Blobs.AccessKeyFile == "" || c.Blobs.SecretKeyFile == ""):
		return errors.New("configuration: blobs.endpoint, bucket, access_key_file and secret_key_file are needed with s3")
	case c.Keys.Host != HostProcess && c.Keys.Host != HostInProcess:
		return fmt.Errorf("configuration: keys.host is %q; it must be process or inprocess", c.Keys.Host)
	case c.Keys.CallTimeout < 0:
		return errors.New("configuration: keys.call_timeout must not be negative")
	case !slices.Contains(signing.Levels(), signing.Level(c.Signing.Level)):
		return fmt.Errorf("configuration: signing.level is %q; it must be B-T, B-LT or B-LTA", c.Signing.Level)
	case c.Mode == "production" && c.Signing.Level == string(signing.LevelB):
		return errors.New("configuration: signing.level B-B is of the demonstration alone; use B-T, B-LT or B-LTA")
	case c.Axis.Endpoint != "" && (c.Axis.SystemID == "" || c.Axis.SecretFile == ""):
		return errors.New("configuration: axis.system_id and axis.secret_file are needed with axis.endpoint")
	case c.Axis.Dialect != "" && c.Axis.Dialect != "sdk" && c.Axis.Dialect != "dotnet":
		return fmt.Errorf("configuration: axis.dialect is %q; it must be sdk or dotnet", c.Axis.Dialect)
	case c.Axis.Codes != "" && c.Axis.Codes != string(edxml.SchemeQD20) && c.Axis.Codes != string(edxml.SchemeQCVN102):
		return fmt.Errorf("configuration: axis.codes is %q; it must be qd20 or qcvn102", c.Axis.Codes)
	case c.Axis.Protocol != "" && c.Axis.Protocol != ProtocolVXP && c.Axis.Protocol != ProtocolLGSP:
		return fmt.Errorf("configuration: axis.protocol is %q; it must be vxp or lgsp", c.Axis.Protocol)
	case c.Axis.Protocol == ProtocolLGSP && (c.Axis.Username == "" || c.Axis.Password == ""):
		return errors.New("configuration: axis.username and axis.password_file are needed with axis.protocol lgsp")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("configuration: tls_cert and tls_key go together")
	case c.TLSCert == "" && !loopback(c.Listen):
		return fmt.Errorf("configuration: %s is served only with tls_cert and tls_key; without them use a loopback address", c.Listen)
	}
	return nil
}

func loopback(addr string) bool {
	return strings.HasPrefix(addr, "127.") || strings.HasPrefix(addr, "localhost:") || strings.HasPrefix(addr, "[::1]:")
}

// secret reads a secret from its file; only its owner may read it.
func secret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s: readable by others (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(b)), nil
}
