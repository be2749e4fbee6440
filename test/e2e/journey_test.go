package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"congvan/internal/demo"
	"congvan/internal/testpdf"
	"congvan/internal/workflow"
)

const (
	subject = "V/v phối hợp cung cấp số liệu gửi, nhận văn bản điện tử năm 2026"
	answer  = "V/v cung cấp số liệu gửi, nhận văn bản điện tử năm 2026"
)

// TestJourney is the whole road in a browser, as official, unit head, checker, leader and
// clerk on both sides; every page is left as a picture.
func TestJourney(t *testing.T) {
	t.Parallel()
	w := world(t)
	b := chromium(t, "")
	outgoing := sendFromA(t, w.A.Base, b)

	// both recipients: one in the same installation, one over the axis
	stn := b.person(t, w.A.Base, "vt.stn")
	receiveByClerk(t, stn, "stn-clerk")
	incoming := receiveAndAssign(t, w.B.Base, b)
	answerFromB(t, w.B.Base, b, incoming)

	// A takes the answer in and sees it under its document, with all statuses
	svd := b.person(t, w.A.Base, "vt.svd")
	receiveByClerk(t, svd, "a-clerk-answer")
	official := b.person(t, w.A.Base, "cv.svd")
	eventually(t, "06 of B at A", func() bool {
		official.open(outgoing)
		return strings.Contains(official.text(".deliveries"), "Nơi nhận đã hoàn thành")
	})
	for _, x := range []string{"Sở Thử nghiệm", "Sở Mẫu tỉnh Mẫu", "Nơi nhận đã tiếp nhận"} {
		official.sees(".deliveries", x)
	}
	official.sees(".links a", answer)
	official.value(`document.querySelectorAll(".deliveries details").forEach(d => d.open = true)`)
	for _, x := range []string{"Đã đến", "đã tiếp nhận", "đã phân công", "đang xử lý", "đã hoàn thành"} {
		official.sees(".deliveries .timeline", x)
	}
	official.drawn()
	official.shot("a-official-answered")
}

// sendFromA drafts, approves, signs, numbers, seals and issues in the browser and returns
// the document's address.
func sendFromA(t *testing.T, base string, b *browser) string {
	t.Helper()
	official := b.person(t, base, "cv.svd")
	official.shot("home-official")
	official.press("a[href='/van-ban-di/moi']")
	official.shot("secrecy")
	official.click("input[name=mat][value='3']")
	official.press("main form button.main")
	official.sees("[role=alert]", "Không có dữ liệu nào được lưu")
	official.lacks("input[type=file]")
	official.shot("secret-refused")
	official.click("input[name=mat][value='0']")
	official.press("main form button.main")
	fillDraft(official, subject, "a-svd-gd", testpdf.Path("cong-van-1.pdf"), testpdf.Path("phu-luc-scan.pdf"))
	for _, name := range []string{"Sở Thử nghiệm", "Sở Mẫu tỉnh Mẫu"} {
		pickRecipient(official, name)
	}
	official.shot("draft")
	official.press("button[name=do][value=save]")
	address := official.value("location.pathname")
	hash := official.drawn()
	official.shot("drafted")
	official.press("form[action$='/submit'] button")

	approve(b.person(t, base, "tp.svd"), address, "approve-content", "review-unit-head")
	approve(b.person(t, base, "tt.svd"), address, "approve-format", "review-checker")
	sign(t, b.person(t, base, "gd.svd"), address, hash)

	clerk := b.person(t, base, "vt.svd")
	dispatch(clerk, address, "a-clerk")
	clerk.sees(".deliveries", "Sở Mẫu tỉnh Mẫu")
	return address
}

func fillDraft(p *person, subject, signer string, files ...string) {
	p.t.Helper()
	p.fill("#subject", subject)
	p.choose("#signer_id", "pos-"+signer)
	for i, field := range []string{"#main", "#annex"}[:len(files)] {
		path, err := filepath.Abs(files[i])
		if err != nil {
			p.t.Fatal(err)
		}
		name := strings.TrimPrefix(field, "#")
		p.do("upload "+path, chromedp.SetUploadFiles(chromedp.CSS(field), []string{path}),
			chromedp.WaitVisible(chromedp.CSS("input[name="+name+"_upload]")))
	}
}

func pickRecipient(p *person, name string) {
	p.t.Helper()
	p.fill("#recipient_search", name)
	p.sees(".found label", name)
	p.click(".found input")
	p.sees(".picked label", name)
}

func approve(p *person, address, act, shot string) {
	p.t.Helper()
	p.open("/")
	p.shot("home-" + shot)
	p.press("table.rows td.doc a")
	p.sees("h1", subjectOf(address, p))
	p.drawn()
	p.shot(shot)
	p.press("form[action$='/" + act + "'] button")
	p.lacks("form[action$='/" + act + "']")
}

// subjectOf is what the document at an address is called: the row led to the right one.
func subjectOf(address string, p *person) string {
	p.t.Helper()
	if at := p.value("location.pathname"); at != address {
		p.t.Fatalf("%s: the first row leads to %s, want %s", p.name, at, address)
	}
	return "V/v"
}

// sign is the leader's act: what is shown is what was approved; a wrong PIN is told and
// loses nothing.
func sign(t *testing.T, p *person, address, approved string) {
	t.Helper()
	p.open(address)
	if got := p.drawn(); got != approved {
		t.Errorf("the leader sees %s, approved was %s", got, approved)
	}
	p.shot("sign")
	p.do("wait for the hash", chromedp.WaitEnabled(chromedp.CSS("#sign button")))
	p.fill("#pin", "135790")
	p.press("#sign button")
	p.sees("[role=alert]", "Mã PIN không đúng")
	p.drawn()
	p.shot("wrong-pin")
	if typed := p.value("document.querySelector('#pin').value"); typed != "" {
		t.Error("a PIN came back from the server")
	}
	p.do("wait for the hash", chromedp.WaitEnabled(chromedp.CSS("#sign button")))
	p.fill("#pin", demo.PIN)
	p.press("#sign button")
	p.lacks("#sign")
	if p.drawn() == approved {
		t.Error("the page still shows the unsigned version")
	}
	p.shot("signed")
}

// dispatch numbers, seals and issues.
func dispatch(p *person, address, shot string) {
	p.t.Helper()
	p.open("/")
	p.shot("home-" + shot)
	p.open(address)
	p.drawn()
	p.press("form[action$='/number'] button.main")
	p.sees(".flash", "Đã cấp số 01/")
	p.shot(shot + "-numbered")
	p.press("form[action$='/seal'] button")
	p.drawn()
	p.shot(shot + "-sealed")
	eventually(p.t, "the level of the signatures", func() bool {
		p.open(address)
		return p.value("document.querySelectorAll(\"form[action$='/issue']\").length") != "0"
	})
	p.sees(".card", "B-LTA")
	p.drawn()
	p.press("form[action$='/issue'] button")
	p.sees(".flash", "Đã phát hành 01/")
	p.drawn()
	p.shot(shot + "-issued")
}

// receiveByClerk finds the one document that waits, reads its verdict and registers it.
func receiveByClerk(t *testing.T, p *person, shot string) string {
	t.Helper()
	eventually(t, "a checked document at "+p.name, func() bool {
		p.open("/van-ban-den?hop=to-register")
		return p.value("document.querySelectorAll('table.rows td.doc a').length") != "0" &&
			!strings.Contains(p.text("table.rows"), "Đang kiểm tra")
	})
	p.shot(shot + "-waiting")
	p.press("table.rows td.doc a")
	p.sees(".verdict-banner", "Đủ chữ ký số hợp lệ")
	p.sees(".sentences", "Chữ ký số hợp lệ")
	p.drawn()
	p.shot(shot + "-verdict")
	p.press("form[action$='/register'] button")
	p.sees(".flash", "Đã vào sổ văn bản đến số 1")
	p.shot(shot + "-registered")
	return p.value("location.pathname")
}

// receiveAndAssign is B's side until an official has begun to work.
func receiveAndAssign(t *testing.T, base string, b *browser) string {
	t.Helper()
	clerk := b.person(t, base, "vt.sm")
	address := receiveByClerk(t, clerk, "b-clerk")
	clerk.choose("#leader_id", "pos-b-sm-gd")
	clerk.press("form[action$='/present'] button")

	leader := b.person(t, base, "gd.sm")
	leader.open("/")
	leader.shot("b-home-leader")
	leader.open(address)
	leader.fill("#opinion", "Giao Văn phòng chủ trì tham mưu văn bản trả lời đúng hạn.")
	for position, role := range map[string]string{"cv": "LEAD", "cv2": "COORD", "tp": "FYI"} {
		leader.click("input[name='role.pos-b-sm-" + position + "'][value=" + role + "]")
	}
	leader.drawn()
	leader.shot("b-leader-assign")
	leader.press("form.assign button.main")
	leader.sees(".flash", "Đã phân công xử lý")
	leader.shot("b-leader-assigned")

	official := b.person(t, base, "cv.sm")
	official.shot("b-home-official")
	official.open(address)
	official.press("form[action$='/start'] button")
	official.sees(".flash", "Đã nhận xử lý")
	official.drawn()
	official.shot("b-official-started")
	return address
}

// answerFromB takes the answer over the same road back and completes the work.
func answerFromB(t *testing.T, base string, b *browser, incoming string) {
	t.Helper()
	official := b.person(t, base, "cv.sm")
	official.open(incoming)
	official.press("a[href*='tra-loi=']")
	official.click("input[name=mat][value='0']")
	official.press("main form button.main")
	fillDraft(official, answer, "b-sm-gd", testpdf.Path("tra-loi.pdf"))
	official.sees(".picked", "Sở Ví dụ")
	official.shot("b-answer-draft")
	official.press("button[name=do][value=save]")
	address := official.value("location.pathname")
	hash := official.drawn()
	official.press("form[action$='/submit'] button")
	approve(b.person(t, base, "tp.sm"), address, "approve-content", "b-unit-head")
	approve(b.person(t, base, "tt.sm"), address, "approve-format", "b-checker")
	sign(t, b.person(t, base, "gd.sm"), address, hash)
	dispatch(b.person(t, base, "vt.sm"), address, "b-clerk-answer")

	official.open(incoming)
	official.sees(".links a", answer)
	official.press("form[action$='/complete'] button.main")
	official.sees(".flash", "Đã hoàn thành")
	official.drawn()
	official.shot("b-official-completed")
}

// TestSwappedBytes has somebody between server and browser show the leader another
// document than the approved one: it cannot be signed.
func TestSwappedBytes(t *testing.T) {
	t.Parallel()
	other, err := os.ReadFile(testpdf.Path("cong-van-2.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(other)
	w := world(t)
	b := chromium(t, "swap-")
	id := draft(t, w.A.Base, "svd", "H26.15")
	acts(t, w.A.Base, "svd", id, "submit", "approve-content", "approve-format")
	address := "/van-ban-di/" + id

	leader := b.person(t, tampering(t, w.A.Base, other), "gd.svd")
	leader.open(address)
	leader.sees("#viewer", "không trùng")
	leader.shot("told")
	if leader.value("document.querySelector('#sign button').disabled") != "true" {
		t.Error("the page lets the leader sign what is not the approved document")
	}

	// a page that trusts what it got, as a broken or forged one would: the server refuses
	hash := ask(leader, "forge", chromedp.Evaluate[string](`(async () => {
		const bytes = await (await fetch(document.querySelector("#viewer").dataset.src)).arrayBuffer();
		const hash = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map(x => x.toString(16).padStart(2, "0")).join("");
		const form = document.querySelector("#sign");
		form.querySelector("[name=viewed_sha256]").value = hash;
		form.querySelector("button").disabled = false;
		return hash;
	})()`, chromedp.EvalAwaitPromise))
	if hash != hex.EncodeToString(sum[:]) {
		t.Fatalf("the browser got %s, not the swapped bytes", hash)
	}
	leader.fill("#pin", demo.PIN)
	leader.press("#sign button")
	leader.sees("[role=alert]", "không trùng với bản đã duyệt")
	leader.shot("refused")
	if state := page(t, w.A.Base, "cv.svd", id).Document.State; state != workflow.FormatApproved {
		t.Errorf("state %s", state)
	}
}

// tampering is an installation seen through somebody who gives other bytes for every file.
func tampering(t *testing.T, base string, other []byte) string {
	t.Helper()
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/content") {
			w.Header().Set("Content-Type", "application/pdf")
			_, _ = w.Write(other)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}
