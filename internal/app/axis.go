package app

import (
	"crypto/tls"
	"fmt"

	"congvan/internal/axis"
	"congvan/internal/axis/edxml"
	"congvan/internal/axis/lgsp"
	"congvan/internal/axis/vxp"
	"congvan/internal/org"
)

// dialect is how the configured axis is spoken to.
func (c Axis) dialect() edxml.Dialect {
	d := edxml.SDK()
	if c.Dialect == "dotnet" {
		d = edxml.DotNet()
	}
	if c.Codes != "" {
		d.Codes = edxml.CodeScheme(c.Codes)
	}
	d.PaddedHash = c.PaddedHash
	return d
}

// codes is the scheme of our agencies' identifiers in messages.
func (c Axis) codes() org.CodeScheme {
	if c.dialect().Codes == edxml.SchemeQCVN102 {
		return org.SchemeQCVN102
	}
	return org.SchemeQD20
}

// wire is the client of the configured protocol; only the axis's own lists agencies.
func (a *App) wire(c Axis, d edxml.Dialect, key string, verify *tls.Config) (axis.Wire, error) {
	if c.Protocol == ProtocolLGSP {
		password, err := secret(c.Password)
		if err != nil {
			return nil, fmt.Errorf("password_file: %w", err)
		}
		return lgsp.New(lgsp.Config{
			Endpoint: c.Endpoint, SystemID: c.SystemID, SecretKey: key, Username: c.Username, Password: password, Application: c.App,
			Now: a.Clock, TLS: verify,
		})
	}
	client, err := vxp.New(vxp.Config{
		Endpoint: c.Endpoint, SystemID: c.SystemID, Secret: key, Now: a.Clock, TLS: verify, PaddedHash: d.PaddedHash, Download: true,
	})
	if err == nil {
		a.lists = client
	}
	return client, err
}
