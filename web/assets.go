package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed static all:dist
var assetFiles embed.FS

// assets are the styles and scripts under one path that carries their checksum, so that a
// browser may keep them for ever, and a script finds its worker and fonts beside itself.
type assets struct {
	base  string            // "/static/1a2b3c4d/"
	files map[string]string // "app.css" → name in assetFiles
	built bool              // the scripts of src/ have been built
}

func readAssets() (*assets, error) {
	a := &assets{files: map[string]string{}}
	sum := sha256.New()
	for _, dir := range []string{"static", "dist"} {
		err := fs.WalkDir(assetFiles, dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
				return err
			}
			b, err := assetFiles.ReadFile(name)
			if err != nil {
				return err
			}
			sum.Write([]byte(name))
			sum.Write(b)
			a.files[strings.TrimPrefix(name, dir+"/")] = name
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	a.base = "/static/" + hex.EncodeToString(sum.Sum(nil)[:6]) + "/"
	_, a.built = a.files["viewer.js"]
	return a, nil
}

// path is the address of an asset; one that was not built has none.
func (a *assets) path(name string) string {
	if _, ok := a.files[name]; !ok {
		return ""
	}
	return a.base + name
}

// serve answers for the present checksum only: an old address must not fill a cache with
// new bytes.
func (a *assets) serve(c *gin.Context) {
	name, ok := a.files[strings.TrimPrefix(c.Request.URL.Path, a.base)]
	if !ok {
		c.Status(http.StatusNotFound)
		return
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeFileFS(c.Writer, c.Request, assetFiles, name)
}
