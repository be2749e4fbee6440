package axistest

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// The façade of a provincial integration platform in front of the same axis ("way B" of
// docs/axis.md): REST with a token below /v1/. In the simulation a system's user name is
// its id and its password its secret. Faults strike it under the names of the axis's own
// operations.

// tokenLife is how long a token is taken.
const tokenLife = 30 * time.Minute

// facadeOps name the operations of the façade by those of the axis.
var facadeOps = map[string]struct {
	op, method string
}{
	"auth/login":           {"login", http.MethodPost},
	"sendEdoc":             {"sendEdoc", http.MethodPost},
	"syncReceivedEdocList": {"getReceivedEdocList", http.MethodGet},
	"getEdoc":              {"getEdoc", http.MethodGet},
	"updateStatus":         {"updateStatus", http.MethodPost},
}

func (s *Simulator) serveFacade(w http.ResponseWriter, r *http.Request, name string) {
	o, known := facadeOps[name]
	switch {
	case !known:
		http.NotFound(w, r)
		return
	case r.Method != o.method:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if s.beforeFacade(w, r, o.op) {
		s.counted(o.op, "fault")
		return
	}
	if name == "auth/login" {
		s.login(w, r)
		return
	}
	c := &call{Request: r, op: o.op, params: map[string]string{}}
	if refused := s.facadeAuthenticated(c); refused != nil || s.take(o.op, FaultWrongHMAC, "") != nil {
		s.counted(o.op, "fail")
		facadeRefuse(w, http.StatusUnauthorized, refuse(codeWrongSecret, "Sai SystemId hoac SecretKey"))
		return
	}
	s.answerFacade(w, o.op, s.facadeDo(c))
}

// beforeFacade is before, with refusals in the façade's words.
func (s *Simulator) beforeFacade(w http.ResponseWriter, r *http.Request, op string) bool {
	if f := s.take(op, FaultFail, ""); f != nil {
		facadeRefuse(w, http.StatusOK, refuse(f.Code, "%s", f.Desc))
		return true
	}
	return s.before(w, r, op)
}

func (s *Simulator) facadeDo(c *call) any {
	q := c.URL.Query()
	for _, k := range []string{"docId", "fromDate", "toDate"} {
		if q.Has(k) {
			c.params[k] = q.Get(k)
		}
	}
	switch c.op {
	case "sendEdoc":
		return s.facadeSend(c)
	case "getReceivedEdocList":
		c.params["messagetype"] = q.Get("messageType")
		return s.received(c)
	case "getEdoc":
		return s.facadeFetch(c)
	}
	var body struct{ DocID, Status string }
	if err := json.NewDecoder(io.LimitReader(c.Body, 64<<10)).Decode(&body); err != nil {
		return refuse(codeInvalidFile, "Du lieu khong hop le")
	}
	c.params["docId"], c.params["status"] = body.DocID, body.Status
	return s.updateStatus(c)
}

// answerFacade gives an answer of the axis in the façade's words.
func (s *Simulator) answerFacade(w http.ResponseWriter, op string, answer any) {
	refused, failed := answer.(*refusal)
	if failed {
		s.counted(op, "fail")
	} else {
		s.counted(op, "ok")
	}
	switch {
	case s.take(op, FaultLostAnswer, "") != nil:
		panic(http.ErrAbortHandler)
	case s.take(op, FaultReset, "") != nil:
		reset(w)
	}
	switch a := answer.(type) {
	case stream:
		a(w)
	case *refusal:
		facadeRefuse(w, http.StatusOK, refused)
	case map[string]any:
		out := map[string]any{"success": true, "message": "Thanh cong"}
		if id, ok := a["DocId"]; ok {
			out["docId"] = id
		}
		if rows, ok := a["data"].([]map[string]any); ok {
			out["data"], out["count"] = facadeRows(rows), len(rows)
		}
		writeJSON(w, http.StatusOK, out)
	}
}

// facadeRows writes the members of a row as the façade does.
func facadeRows(rows []map[string]any) []map[string]any {
	words := map[string]string{"created_time": "createdTime", "updated_time": "updatedTime", "status_desc": "statusDesc"}
	out := make([]map[string]any, len(rows))
	for i, r := range rows {
		out[i] = map[string]any{}
		for k, v := range r {
			if other, ok := words[k]; ok {
				k = other
			}
			out[i][k] = v
		}
	}
	return out
}

func facadeRefuse(w http.ResponseWriter, status int, r *refusal) {
	writeJSON(w, status, map[string]any{"success": false, "message": r.ErrorDesc, "data": map[string]any{
		"docId": nil, "status": r.Status, "errorCode": r.ErrorCode, "errorDesc": r.ErrorDesc,
	}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// login gives a token to who knows a system's secret.
func (s *Simulator) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Username, Password string }
	err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&body)
	s.mu.Lock()
	secret, known := s.secrets[body.Username]
	now := s.now()
	s.mu.Unlock()
	if err != nil || !known || secret != body.Password {
		s.counted("login", "fail")
		writeJSON(w, http.StatusOK, map[string]any{"success": false, "message": "Sai tai khoan hoac mat khau", "data": nil})
		return
	}
	s.counted("login", "ok")
	writeJSON(w, http.StatusOK, map[string]any{"success": true, "message": "", "data": map[string]any{
		"token": tokenOf(body.Username, secret, now.Add(tokenLife)),
	}})
}

// tokenOf is a bearer token: the system, when it ends, and a seal over both.
func tokenOf(system, secret string, ends time.Time) string {
	text := fmt.Sprintf("%s.%d", hex.EncodeToString([]byte(system)), ends.Unix())
	h := hmac.New(sha256.New, []byte("token "+secret))
	_, _ = io.WriteString(h, text)
	return text + "." + hex.EncodeToString(h.Sum(nil))
}

// facadeAuthenticated checks token, X-SystemId and X-SecretKey.
func (s *Simulator) facadeAuthenticated(c *call) *refusal {
	wrong := refuse(codeWrongSecret, "Sai SystemId hoac SecretKey")
	system := c.Header.Get("X-SystemId")
	token, bearer := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	var hexed, seal string
	var ends int64
	parts := strings.Split(token, ".")
	if len(parts) == 3 {
		hexed, seal = parts[0], parts[2]
		_, _ = fmt.Sscan(parts[1], &ends)
	}
	s.mu.Lock()
	secret, known := s.secrets[system]
	now := s.now()
	s.mu.Unlock()
	switch {
	case !bearer, !known, secret != c.Header.Get("X-SecretKey"), hexed != hex.EncodeToString([]byte(system)),
		tokenOf(system, secret, time.Unix(ends, 0)) != token, seal == "", now.After(time.Unix(ends, 0)):
		return wrong
	}
	c.system = system
	return nil
}

// facadeSend takes the message out of the form and sends it in the name it is from.
func (s *Simulator) facadeSend(c *call) any {
	invalid := refuse(codeInvalidFile, "File khong hop le")
	kind, params, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return invalid
	}
	form := multipart.NewReader(c.Body, params["boundary"])
	var file *os.File
	defer func() {
		if file != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	ended := false
	for !ended {
		part, err := form.NextPart()
		if ended = err == io.EOF; ended { //nolint:errorlint // NextPart gives io.EOF itself
			break
		}
		if err != nil {
			return refuse(codeFileError, "Loi xu ly file: %v", err)
		}
		switch part.FormName() {
		case "messageType":
			text, _ := io.ReadAll(io.LimitReader(part, 100))
			c.params["messagetype"] = string(text)
		case "edocFile":
			if file, err = os.CreateTemp(s.dir, incoming); err == nil {
				_, err = io.Copy(file, part)
			}
			if err != nil {
				return refuse(codeFileError, "Loi xu ly file: %v", err)
			}
		}
	}
	if file == nil {
		return invalid
	}
	route, err := routeOf(file.Name())
	if err != nil {
		return refuse(codeBadFormat, "Sai dinh dang edXML: %v", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return refuse(codeSystemError, "Loi he thong: %v", err)
	}
	c.params["servicetype"], c.params["from"] = "eDoc", route.From
	inner := c.Clone(c.Context())
	inner.Body, inner.URL = io.NopCloser(file), &url.URL{}
	return s.send(&call{Request: inner, op: c.op, system: c.system, params: c.params})
}

// facadeFetch gives a message as text in JSON.
func (s *Simulator) facadeFetch(c *call) any {
	f, size, refused := s.body(c)
	if refused != nil {
		return refused
	}
	return stream(func(w http.ResponseWriter) {
		defer f.Close()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		out := bufio.NewWriter(w)
		id, _ := json.Marshal(c.params["docId"])
		fmt.Fprintf(out, `{"success":true,"message":"Thanh cong","data":{"docId":%s,"attachments":[{"name":"\"[x]"}],"edxml":"`, id)
		in := bufio.NewReader(io.LimitReader(f, size))
		for {
			b, err := in.ReadByte()
			if err != nil {
				break
			}
			switch {
			case b == '"' || b == '\\':
				out.WriteByte('\\')
				out.WriteByte(b)
			case b < ' ':
				fmt.Fprintf(out, `\u%04x`, b)
			default:
				out.WriteByte(b)
			}
		}
		out.WriteString(`","fromName":null}}`)
		_ = out.Flush()
	})
}
