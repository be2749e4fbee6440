package bench

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"congvan/internal/demo/images"
	"congvan/signing"
	"congvan/signing/pkcs11"
)

// What issue 3 asks of the engine.
const (
	smallShare   = 0.60 // of the limit, at 100 KB
	largeShare   = 0.90 // of the limit, at 5 MB and above
	keptShare    = 0.60 // of the raw token, at 50 MB with the hash state kept
	latencyShare = 0.80 // of what slow sessions can do
	latency      = 20   // ms
	latencyPool  = 30   // sessions
	growth       = 32   // MB at 1 GB
)

const serverHeap = 16 << 20 // bytes of live heap of an idle server (docs/performance.md)

// signSize is how much RunSign does.
type signSize struct {
	sizes   []int64
	workers []int
	usual   turns
	huge    int64 // from this size on, each worker signs once in each of three rounds
}

func (o EngineOptions) signSize() signSize {
	const kb, mb = 1000, 1000 * 1000
	if o.Quick {
		return signSize{[]int64{100 * kb, 5 * mb}, []int{1, 8}, turns{1, 100 * time.Millisecond}, 50 * mb}
	}
	return signSize{[]int64{100 * kb, 5 * mb, 50 * mb, 1000 * mb}, []int{1, 2, 8, 30}, turns{12, 300 * time.Millisecond}, 1000 * mb}
}

// signRun is a run of RunSign.
type signRun struct {
	*stand
	signSize
	keys *pkcs11.Provider // in this process
	bufs sync.Pool
}

// RunSign measures signing: the token alone, the limit (SHA-256 over the bytes of the file
// and one raw signature) and the whole document, in turns. An error means that something
// could not be done at all.
func RunSign(ctx context.Context, o EngineOptions) (Table, error) {
	began := o.Clock()
	s, err := newStand(ctx, o)
	if err != nil {
		return Table{}, err
	}
	// The collector runs as often as the heap doubles. A server's is not as empty as ours: this
	// much is held and never touched, so that it takes no memory.
	heap := make([]byte, serverHeap)
	defer runtime.KeepAlive(heap)
	r := &signRun{stand: s, signSize: o.signSize()}
	r.bufs.New = func() any { b := make([]byte, 256<<10); return &b }
	sessions := r.workers[len(r.workers)-1]
	if r.keys, err = pkcs11.Open(pkcs11.Options{Module: s.pki.Module, Env: s.pki.Env, Sessions: sessions, Clock: o.Clock}); err != nil {
		return Table{}, err
	}
	for _, part := range []func(context.Context) error{r.token, r.documents, r.kept, r.looks} {
		if err := part(ctx); err != nil {
			return Table{}, errors.Join(err, r.keys.Close())
		}
	}
	if err := errors.Join(r.keys.Close(), r.hosted(ctx), r.slow(ctx), r.peer(ctx)); err != nil {
		return Table{}, err
	}
	return s.table(began), nil
}

// raw asks the token for one signature by a signer's key.
func (r *signRun) raw(keys signing.Keys, by signing.Credential) func(context.Context) error {
	digest := make([]byte, sha256.Size)
	return func(ctx context.Context) error {
		_, err := keys.Sign(ctx, by.KeyURI, digest, signing.SignOptions{Hash: crypto.SHA256})
		return err
	}
}

// limit reads and hashes the file and asks for one raw signature: less is not possible.
func (r *signRun) limit(f sample) func(context.Context) error {
	raw := r.raw(r.keys, r.agency)
	return func(ctx context.Context) error {
		b, _ := r.bufs.Get().(*[]byte)
		defer r.bufs.Put(b)
		h := sha256.New()
		if _, err := io.CopyBuffer(h, struct{ io.Reader }{io.NewSectionReader(f, 0, f.size)}, *b); err != nil {
			return err
		}
		h.Sum(nil)
		return raw(ctx)
	}
}

// document signs the whole document.
func (r *signRun) document(keys signing.Keys, by signing.Credential, f sample, state []byte, look signing.Appearance) func(context.Context) error {
	request := r.request("Seal", look)
	return func(ctx context.Context) error {
		_, err := r.sign(ctx, keys, signing.File{R: f, Size: f.size, HashState: state}, request, by, nil)
		return err
	}
}

func (r *signRun) token(ctx context.Context) error {
	r.say("the token alone")
	for _, n := range r.workers {
		rate, err := r.compare(ctx, n, r.usual, r.raw(r.keys, r.agency))
		if err != nil {
			return err
		}
		r.add(Row{What: fmt.Sprintf("Token alone, RSA-2048, %d workers", n), Unit: "/s", Measured: rate[0]})
	}
	return nil
}

func (r *signRun) documents(ctx context.Context) error {
	for _, size := range r.sizes {
		if err := r.documentsOf(ctx, size); err != nil {
			return err
		}
	}
	return nil
}

func (r *signRun) documentsOf(ctx context.Context, size int64) error {
	name := sizeName(size)
	r.say("documents of %s", name)
	f, err := r.stand.sample("sign-"+name, size)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close(); _ = os.Remove(f.Name()) }()
	tail, err := r.sign(ctx, r.keys, signing.File{R: f, Size: size}, r.request("Seal", signing.Appearance{}), r.agency, nil)
	if err != nil {
		return err
	}
	if err := r.good(ctx, appended{f, size, tail}.file(), 1); err != nil {
		return err
	}
	in, share := r.usual, largeShare
	if size >= r.huge {
		in = turns{rounds: 3}
	}
	if size < 1000*1000 {
		share = smallShare
	}
	for _, n := range r.workers {
		rates, err := r.compare(ctx, n, in, r.limit(f), r.document(r.keys, r.agency, f, nil, signing.Appearance{}))
		if err != nil {
			return err
		}
		r.add(Row{
			What: fmt.Sprintf("Documents of %s signed, %d workers", name, n), Unit: "/s", AtLeast: true, Measured: rates[1], Limit: share * rates[0],
			Note: fmt.Sprintf("%.0f %% of the limit, which is %s /s (SHA-256 and one raw signature); asked are %.0f %%", 100*rates[1]/rates[0], figure(rates[0]), 100*share),
		})
	}
	if size >= r.huge || r.Quick && size == r.sizes[len(r.sizes)-1] {
		return r.growth(ctx, f, name)
	}
	return nil
}

// growth measures how far memory rises above idle while the largest document is signed.
func (r *signRun) growth(ctx context.Context, f sample, name string) error {
	for _, n := range []int{1, r.workers[len(r.workers)-1]} {
		idle, peak, err := risen(func() error {
			_, _, err := r.race(ctx, n, 0, r.document(r.keys, r.agency, f, nil, signing.Appearance{}))
			return err
		})
		if err != nil {
			return err
		}
		r.add(Row{
			What: fmt.Sprintf("Growth of memory (RSS) while %s is signed, %d workers", name, n), Unit: "MB", Measured: max(0, peak-idle), Limit: growth,
			Note: fmt.Sprintf("idle %s, peak %s", figure(idle), figure(peak)),
		})
	}
	return nil
}

// kept signs with the hash state that was kept when the file was stored.
func (r *signRun) kept(ctx context.Context) error {
	const size = 50 * 1000 * 1000
	r.say("documents whose hash state was kept")
	f, state, err := r.hashed("kept", size)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close(); _ = os.Remove(f.Name()) }()
	for _, n := range r.workers {
		rates, err := r.compare(ctx, n, r.usual, r.raw(r.keys, r.agency), r.document(r.keys, r.agency, f, state, signing.Appearance{}))
		if err != nil {
			return err
		}
		r.add(Row{
			What: fmt.Sprintf("Documents of 50 MB, hash state kept, %d workers", n), Unit: "/s", AtLeast: true, Measured: rates[1], Limit: keptShare * rates[0],
			Note: fmt.Sprintf("%.0f %% of the token alone, %s /s; asked are %.0f %%", 100*rates[1]/rates[0], figure(rates[0]), 100*keptShare),
		})
	}
	return nil
}

// hashed makes a sample and the state of SHA-256 over it.
func (r *signRun) hashed(name string, size int64) (sample, []byte, error) {
	f, err := r.stand.sample(name, size)
	if err != nil {
		return sample{}, nil, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, size)); err != nil {
		return sample{}, nil, errors.Join(err, f.Close())
	}
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return sample{}, nil, errors.Join(errors.New("the state of SHA-256 cannot be kept"), f.Close())
	}
	state, err := m.MarshalBinary()
	return f, state, err
}

// looks shows what an appearance costs.
func (r *signRun) looks(ctx context.Context) error {
	r.say("looks")
	f, err := r.stand.sample("looks", 100*1000)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close(); _ = os.Remove(f.Name()) }()
	looks := []signing.Appearance{
		{Look: signing.LookNone},
		{Look: signing.LookLeader, Image: images.Signature("Nguyễn Văn Đo")},
		{Look: signing.LookAgency, Image: images.Seal(images.SealText{Superior: "Tỉnh thử nghiệm", Agency: "Sở Đo lường"})},
		{Look: signing.LookAttachment, Lines: []string{"Kèm theo Công văn số 12/SĐL-VP", "ngày 05 tháng 6 năm 2026", "của Sở Đo lường thử nghiệm"}},
	}
	var ways []func(context.Context) error
	for _, look := range looks {
		ways = append(ways, r.document(r.keys, r.agency, f, nil, look))
	}
	n := r.workers[len(r.workers)/2]
	rates, err := r.compare(ctx, n, r.usual, ways...)
	if err != nil {
		return err
	}
	for i, look := range looks {
		r.add(Row{
			What: fmt.Sprintf("Documents of 100 KB, look %s, %d workers", look.Look, n), Unit: "/s", Measured: rates[i],
			Note: fmt.Sprintf("%.0f %% of look none", 100*rates[i]/rates[0]),
		})
	}
	return nil
}

// hosted measures the module in a process of its own, as the server has it.
func (r *signRun) hosted(ctx context.Context) error {
	if len(r.Host) == 0 {
		return nil
	}
	r.say("the token in a process of its own")
	sessions := r.workers[len(r.workers)-1]
	keys, err := pkcs11.OpenHost(ctx, pkcs11.HostOptions{
		Options: pkcs11.Options{Module: r.pki.Module, Env: r.pki.Env, Sessions: sessions, Clock: r.Clock}, Command: r.Host,
	})
	if err != nil {
		return err
	}
	defer func() { _ = keys.Close() }()
	f, err := r.stand.sample("hosted", 100*1000)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close(); _ = os.Remove(f.Name()) }()
	for _, n := range r.workers {
		rates, err := r.compare(ctx, n, r.usual, r.raw(keys, r.agency), r.document(keys, r.agency, f, nil, signing.Appearance{}))
		if err != nil {
			return err
		}
		r.add(Row{What: fmt.Sprintf("Token through hsm-host, %d workers", n), Unit: "/s", Measured: rates[0]})
		r.add(Row{What: fmt.Sprintf("Documents of 100 KB signed through hsm-host, %d workers", n), Unit: "/s", Measured: rates[1]})
	}
	return nil
}

// peer has other programs sign the same files, but for those they would hold in memory.
func (r *signRun) peer(ctx context.Context) error {
	return r.signedByPeers(ctx, r.sizes[:max(1, len(r.sizes)-1)], 8*r.usual.each)
}

func sizeName(size int64) string {
	switch {
	case size >= 1000*1000*1000:
		return fmt.Sprintf("%d GB", size/1000/1000/1000)
	case size >= 1000*1000:
		return fmt.Sprintf("%d MB", size/1000/1000)
	}
	return fmt.Sprintf("%d KB", size/1000)
}
