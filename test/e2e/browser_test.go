package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"congvan/internal/demo"
)

// browser is a running Chromium; every person in it has a window of their own.
type browser struct {
	ctx    context.Context
	shots  string // folder of the screenshots
	prefix string // of their names
	n      int
}

// stepWait bounds one step in the browser.
const stepWait = 60 * time.Second

func chromium(t *testing.T, prefix string) *browser {
	t.Helper()
	if _, err := os.Stat(filepath.Join(top, "web", "dist", "viewer.js")); err != nil {
		t.Fatal("the pages' scripts are not built: run `make web`")
	}
	shots := os.Getenv("CONGVAN_ARTIFACTS")
	if shots == "" {
		shots = filepath.Join(top, "test", "artifacts")
	}
	if err := os.MkdirAll(shots, 0o755); err != nil {
		t.Fatal(err)
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], //nolint:gocritic // a new slice: the array is copied
		chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("lang", "vi"), chromedp.WindowSize(1360, 900), chromedp.WSURLReadTimeout(stepWait))
	if path := "/usr/bin/chromium"; exists(path) {
		flags = append(flags, chromedp.ExecPath(path))
	}
	alloc, end := chromedp.NewExecAllocator(t.Context(), flags...)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(func() { stop(); end() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return &browser{ctx: ctx, shots: shots, prefix: prefix}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// person is somebody at a screen.
type person struct {
	t    *testing.T
	b    *browser
	ctx  context.Context
	base string
	name string
}

// person opens a window and signs in by the form, as people do.
func (b *browser) person(t *testing.T, base, account string) *person {
	t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	p := &person{t, b, ctx, base, account}
	p.check("open a window", chromedp.Do(ctx)) // the window lives as long as this context: no time limit here
	p.open("/")
	p.fill("#username", account)
	p.fill("#password", demo.Password)
	p.press("form[action='/dang-nhap'] button.main")
	p.sees("h1", "Việc hôm nay")
	return p
}

// do runs browser actions within the time of a step; a failure leaves a picture.
func (p *person) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, stepWait)
	defer stop()
	p.check(what, chromedp.Do(ctx, steps...))
}

func (p *person) check(what string, err error) {
	p.t.Helper()
	if err == nil {
		return
	}
	p.shot("failed")
	p.t.Fatalf("%s, %s: %v\n%s", p.name, what, err, p.text("main"))
}

// ask runs an action that answers.
func ask[T any](p *person, what string, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, stepWait)
	defer stop()
	out, err := chromedp.Run(ctx, a)
	p.check(what, err)
	return out
}

func (p *person) open(path string) {
	p.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.base + path
	}
	p.do("open "+path, chromedp.Navigate(path))
}

func (p *person) fill(field, value string) {
	p.t.Helper()
	p.value(fmt.Sprintf("document.querySelector(%q).value = ''", field))
	p.do("fill "+field, chromedp.SendKeys(chromedp.CSS(field), value))
}

func (p *person) choose(field, value string) {
	p.t.Helper()
	p.do("choose "+field, chromedp.SetValue(chromedp.CSS(field), value))
}

func (p *person) click(what string) {
	p.t.Helper()
	p.do("click "+what, chromedp.Click(chromedp.CSS(what), chromedp.NodeVisible))
}

// press clicks what leads to another page and waits for it.
func (p *person) press(what string) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, stepWait)
	defer stop()
	_, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(what), chromedp.NodeVisible))
	p.check("press "+what, err)
}

// sees waits until an element has a text in it, over any navigation.
func (p *person) sees(what, text string) {
	p.t.Helper()
	question := fmt.Sprintf("[...document.querySelectorAll(%q)].some(x => x.innerText.includes(%q))", what, text)
	var err error
	for deadline := time.Now().Add(stepWait); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		ctx, stop := context.WithTimeout(p.ctx, stepWait)
		var seen bool
		seen, err = chromedp.Run(ctx, chromedp.Evaluate[bool](question))
		stop()
		if seen {
			return
		}
	}
	p.check(fmt.Sprintf("see %q in %s", text, what), errors.Join(errors.New("not there"), err))
}

// lacks wants an element not to be on the page.
func (p *person) lacks(what string) {
	p.t.Helper()
	if n := p.value(fmt.Sprintf("document.querySelectorAll(%q).length", what)); n != "0" {
		p.t.Errorf("%s: %s is on the page", p.name, what)
	}
}

// value is the result of an expression in the page, as text.
func (p *person) value(expression string) string {
	p.t.Helper()
	return ask(p, expression, chromedp.Evaluate[string]("String("+expression+")"))
}

// text is what an element shows; empty when it is not there.
func (p *person) text(what string) string {
	ctx, stop := context.WithTimeout(p.ctx, 5*time.Second)
	defer stop()
	out, _ := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", what)))
	return out
}

// shot takes a picture of the whole page.
func (p *person) shot(name string) {
	p.b.n++
	file := filepath.Join(p.b.shots, fmt.Sprintf("%s%02d-%s-%s.png", p.b.prefix, p.b.n, name, p.name))
	ctx, stop := context.WithTimeout(p.ctx, stepWait)
	defer stop()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		p.t.Errorf("screenshot %s: %v", name, err)
	}
}

// drawn waits until the viewer shows the first page and the hash of what it shows.
func (p *person) drawn() (sha256 string) {
	p.t.Helper()
	p.do("see the document", chromedp.WaitVisible(chromedp.CSS("#viewer canvas")), chromedp.WaitVisible(chromedp.CSS(".hash code")))
	return p.text(".hash code")
}
