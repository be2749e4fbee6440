package pdf

// Page is one page with the attributes it inherits (ISO 32000-2, 7.7.3.4). Boxes
// are left, bottom, right, top in units of 1/72 inch × UserUnit, normalised;
// CropBox is clipped to MediaBox.
type Page struct {
	Ref       Ref
	Dict      Dict
	MediaBox  [4]float64
	CropBox   [4]float64
	Rotate    int // 0, 90, 180 or 270, clockwise
	UserUnit  float64
	Resources Dict
	// ResourcesOf is the page or ancestor whose dictionary has Resources.
	ResourcesOf Ref
}

// pageNode is a place in the page tree.
type pageNode struct {
	ref  Ref
	dict Dict
}

// PageCount is the number of pages that the page tree claims; it is counted only
// where the tree does not say.
func (f *File) PageCount() (int, error) {
	root, err := f.pageRoot()
	if err != nil {
		return 0, err
	}
	if n, ok := f.claimed(root.dict); ok {
		return n, nil
	}
	w := pageWalk{f: f, seen: map[Ref]bool{}}
	_, err = w.find(root, nil, -1, false)
	return w.passed, err
}

// Page returns a page by its number, from 1.
func (f *File) Page(n int) (Page, error) {
	root, err := f.pageRoot()
	if err != nil {
		return Page{}, err
	}
	if n < 1 {
		return Page{}, damaged("no page %d", n)
	}
	// The counts of the tree save reading the pages before; where they lie the
	// whole tree is walked.
	for _, trust := range []bool{true, false} {
		w := pageWalk{f: f, seen: map[Ref]bool{}}
		path, err := w.find(root, nil, n, trust)
		if err != nil {
			return Page{}, err
		}
		if path != nil {
			return f.page(path)
		}
	}
	return Page{}, damaged("no page %d", n)
}

// EachPage calls visit for every page in order until it answers false.
func (f *File) EachPage(visit func(n int, ref Ref, page Dict) (bool, error)) error {
	return f.eachPage(func(n int, path []pageNode) (bool, error) {
		leaf := path[len(path)-1]
		return visit(n, leaf.ref, leaf.dict)
	})
}

// Pages is EachPage with what the pages inherit, in one walk over the tree.
func (f *File) Pages(visit func(n int, p Page) (bool, error)) error {
	return f.eachPage(func(n int, path []pageNode) (bool, error) {
		p, err := f.page(path)
		if err != nil {
			return false, err
		}
		return visit(n, p)
	})
}

func (f *File) eachPage(visit func(n int, path []pageNode) (bool, error)) error {
	root, err := f.pageRoot()
	if err != nil {
		return err
	}
	w := pageWalk{f: f, seen: map[Ref]bool{}, visit: visit}
	_, err = w.find(root, nil, -1, false)
	return err
}

func (f *File) pageRoot() (pageNode, error) {
	root, err := f.Root()
	if err != nil {
		return pageNode{}, err
	}
	ref, ok := root["Pages"].(Ref)
	if !ok {
		return pageNode{}, damaged("catalog has no /Pages reference")
	}
	d, err := f.Dict(ref)
	if err == nil && d == nil {
		err = damaged("page tree %v is missing", ref)
	}
	return pageNode{ref, d}, err
}

func (f *File) claimed(d Dict) (int, bool) {
	n, err := f.Int(d["Count"])
	return int(n), err == nil && n >= 0 && n <= int64(len(f.xref))
}

type pageWalk struct {
	f      *File
	seen   map[Ref]bool
	passed int // pages before the place reached
	done   bool
	visit  func(int, []pageNode) (bool, error)
}

// find walks to page n and answers the nodes from the root to it, nil when the
// subtree has no such page. With trust it skips subtrees by their /Count.
func (w *pageWalk) find(node pageNode, above []pageNode, n int, trust bool) ([]pageNode, error) {
	if len(above) > w.f.lim.Depth {
		return nil, tooMuch("page tree is deeper than %d", w.f.lim.Depth)
	}
	path := append(above[:len(above):len(above)], node)
	if node.dict["Kids"] == nil {
		w.passed++
		if w.visit != nil {
			more, err := w.visit(w.passed, path)
			w.done = !more
			return nil, err
		}
		if w.passed == n {
			return path, nil
		}
		return nil, nil
	}
	// A node met twice is a loop or a tree that doubles at every level.
	if w.seen[node.ref] {
		return nil, damaged("page tree has a loop at %v", node.ref)
	}
	w.seen[node.ref] = true
	kids, err := w.f.Array(node.dict["Kids"])
	if err != nil {
		return nil, err
	}
	for _, k := range kids {
		if w.done {
			return nil, nil
		}
		ref, ok := k.(Ref)
		if !ok {
			return nil, damaged("/Kids of %v holds a %s", node.ref, kindOf(k))
		}
		d, err := w.f.Dict(ref)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		if trust && d["Kids"] != nil {
			if c, ok := w.f.claimed(d); ok && w.passed+c < n {
				w.passed += c
				continue
			}
		}
		found, err := w.find(pageNode{ref, d}, path, n, trust)
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

// page gathers what a page inherits.
func (f *File) page(path []pageNode) (Page, error) {
	leaf := path[len(path)-1]
	p := Page{Ref: leaf.ref, Dict: leaf.dict, UserUnit: 1}
	inherited := func(k Name) (Object, Ref) {
		for i := len(path) - 1; i >= 0; i-- {
			if v := path[i].dict[k]; v != nil {
				return v, path[i].ref
			}
		}
		return nil, Ref{}
	}
	var err error
	media, _ := inherited("MediaBox")
	if p.MediaBox, err = f.Rect(media); err != nil {
		return Page{}, err
	}
	p.CropBox = p.MediaBox
	if crop, _ := inherited("CropBox"); crop != nil {
		c, err := f.Rect(crop)
		if err != nil {
			return Page{}, err
		}
		c = [4]float64{
			max(c[0], p.MediaBox[0]), max(c[1], p.MediaBox[1]),
			min(c[2], p.MediaBox[2]), min(c[3], p.MediaBox[3]),
		}
		if c[0] < c[2] && c[1] < c[3] {
			p.CropBox = c
		}
	}
	if o, _ := inherited("Rotate"); o != nil {
		r, err := f.Number(o)
		if err != nil {
			return Page{}, err
		}
		p.Rotate = ((int(r)/90)%4 + 4) % 4 * 90
	}
	if u, err := f.Number(leaf.dict["UserUnit"]); err == nil && u > 0 {
		p.UserUnit = u
	}
	var res Object
	res, p.ResourcesOf = inherited("Resources")
	p.Resources, err = f.Dict(res)
	return p, err
}

// Rect resolves o to a rectangle: left, bottom, right, top, in that order whatever
// corners the file gives.
func (f *File) Rect(o Object) ([4]float64, error) {
	var r [4]float64
	a, err := f.Array(o)
	if err != nil {
		return r, err
	}
	if len(a) != 4 {
		return r, damaged("a rectangle has 4 numbers, not %d", len(a))
	}
	for i := range r {
		if r[i], err = f.Number(a[i]); err != nil {
			return r, err
		}
	}
	return [4]float64{min(r[0], r[2]), min(r[1], r[3]), max(r[0], r[2]), max(r[1], r[3])}, nil
}
