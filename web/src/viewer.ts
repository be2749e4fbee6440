// The viewer fetches a file's bytes once, computes SHA-256 over exactly these bytes and
// shows exactly these bytes. The hash goes into the sign form: the server refuses to sign
// anything but what was shown.

import { getDocument, GlobalWorkerOptions, type PDFDocumentProxy, type PDFPageProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import workerAddress from "pdfjs-dist/legacy/build/pdf.worker.min.mjs?url&no-inline";
import { fetchBytes, sha256, size } from "./bytes";

const mmToPoint = 72 / 25.4;
const zooms = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3];

const beside = (path: string) => new URL(path, import.meta.url).href;

async function main(box: HTMLElement): Promise<void> {
  const text = (key: string) => box.dataset[key] ?? "";
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await fetchBytes(text("src"), say(box, text("loading")));
  } catch {
    fail(box, text("failed"));
    return;
  }
  const hash = await sha256(bytes);
  if (hash) showHash(hash);
  if (hash && hash !== text("sha256")) {
    fail(box, text("differs"));
    return;
  }
  GlobalWorkerOptions.workerSrc = new URL(workerAddress, import.meta.url).href;
  let pdf: PDFDocumentProxy;
  try {
    // The very buffer that was hashed: the worker takes it over.
    pdf = await getDocument({
      data: bytes,
      standardFontDataUrl: beside("fonts/"),
      wasmUrl: beside("wasm/"),
      disableWorkerRendering: true,
      enableXfa: false,
      stopAtErrors: false,
      maxImageSize: 100_000_000,
    }).promise;
    await draw(box, pdf);
  } catch {
    fail(box, text("failed"));
    return;
  }
  if (!("main" in box.dataset)) return;
  if (hash) ready(hash);
  else note(box, text("insecure"));
}

// say shows how far the fetching has come.
function say(box: HTMLElement, loading: string): (done: number, total: number) => void {
  const line = box.querySelector(".status") ?? box;
  const words = document.createElement("span");
  const bar = document.createElement("progress");
  line.replaceChildren(words, bar);
  words.textContent = loading;
  return (done, total) => {
    words.textContent = total ? `${loading}: ${size(done)} / ${size(total)}` : `${loading}: ${size(done)}`;
    if (total) {
      bar.max = total;
      bar.value = done;
    }
  };
}

function fail(box: HTMLElement, words: string): void {
  const line = document.createElement("p");
  line.className = "status bad";
  line.setAttribute("role", "alert");
  line.textContent = words;
  box.replaceChildren(line);
}

function note(box: HTMLElement, words: string): void {
  const line = document.createElement("p");
  line.className = "status bad";
  line.textContent = words;
  box.prepend(line);
}

function showHash(hash: string): void {
  const place = document.querySelector<HTMLElement>(".hash");
  if (!place) return;
  place.querySelector("code")!.textContent = hash;
  place.hidden = false;
}

// ready opens the sign form for what is shown.
function ready(hash: string): void {
  const form = document.querySelector<HTMLFormElement>("form#sign");
  const field = form?.querySelector<HTMLInputElement>("input[name=viewed_sha256]");
  const button = form?.querySelector<HTMLButtonElement>("[data-needs-hash]");
  if (!field || !button) return;
  field.value = hash;
  button.disabled = false;
}

// draw makes a frame for each page and paints those in sight.
async function draw(box: HTMLElement, pdf: PDFDocumentProxy): Promise<void> {
  const first = await pdf.getPage(1);
  const fit = () => Math.max(200, box.clientWidth - 28);
  let zoom = 1;
  const frames: Frame[] = [];
  const watch = new IntersectionObserver(
    (entries) => {
      for (const e of entries) {
        const frame = frames[Number((e.target as HTMLElement).dataset.index)];
        if (e.isIntersecting) void frame?.paint();
        else frame?.clear();
      }
    },
    { root: box, rootMargin: "800px 0px" },
  );
  const status = box.querySelector(".status");
  const one = first.getViewport({ scale: 1 });
  const base = () => Math.min(fit() / one.width, 1.6);
  for (let n = 1; n <= pdf.numPages; n++) {
    const frame = new Frame(pdf, n, one.width, one.height, () => base() * zoom);
    frame.element.setAttribute("aria-label", (box.dataset.page ?? "").replace("{n}", `${n}`).replace("{of}", `${pdf.numPages}`));
    frame.element.dataset.index = `${n - 1}`;
    frames.push(frame);
    box.append(frame.element);
  }
  status?.remove();
  await frames[0]?.paint();
  for (const f of frames) watch.observe(f.element);

  const resize = () => {
    for (const f of frames) f.resize();
  };
  controls((step) => {
    const now = zooms.indexOf(zoom);
    zoom = zooms[Math.min(zooms.length - 1, Math.max(0, now + step))] ?? 1;
    resize();
    return zoom;
  });
  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(box.clientWidth - width) < 4) return;
    width = box.clientWidth;
    resize();
  }).observe(box);
  marks(frames);
}

function controls(step: (by: number) => number): void {
  const bar = document.querySelector<HTMLElement>(".zoom");
  if (!bar) return;
  const shown = bar.querySelector("output")!;
  const show = (z: number) => (shown.textContent = `${Math.round(z * 100)}%`);
  show(1);
  for (const b of bar.querySelectorAll<HTMLButtonElement>("button")) {
    b.addEventListener("click", () => show(step(b.dataset.zoom === "in" ? 1 : -1)));
  }
  bar.hidden = false;
}

// Frame is a page's place on the screen; its canvas exists while it is near.
class Frame {
  readonly element = document.createElement("div");
  private page?: PDFPageProxy;
  private painted = 0; // scale of the canvas; 0: none
  private wanted = false;
  private places: { at: DOMRect; label: string }[] = [];

  constructor(
    private readonly pdf: PDFDocumentProxy,
    readonly number: number,
    private width: number, // points
    private height: number,
    private readonly scale: () => number,
  ) {
    this.element.className = "page";
    this.element.setAttribute("role", "img");
    this.resize();
  }

  resize(): void {
    const s = this.scale();
    this.element.style.width = `${Math.round(this.width * s)}px`;
    this.element.style.height = `${Math.round(this.height * s)}px`;
    this.drawMarks();
    if (this.wanted) void this.paint();
  }

  clear(): void {
    this.wanted = false;
    this.painted = 0;
    this.element.querySelector("canvas")?.remove();
  }

  async paint(): Promise<void> {
    this.wanted = true;
    const scale = this.scale();
    if (this.painted === scale) return;
    this.painted = scale;
    if (!this.page) {
      this.page = await this.pdf.getPage(this.number);
      const own = this.page.getViewport({ scale: 1 });
      if (own.width !== this.width || own.height !== this.height) {
        [this.width, this.height] = [own.width, own.height];
        this.element.style.width = `${Math.round(own.width * scale)}px`;
        this.element.style.height = `${Math.round(own.height * scale)}px`;
        this.drawMarks();
      }
    }
    const sharp = Math.min(globalThis.devicePixelRatio || 1, 2);
    const viewport = this.page.getViewport({ scale: scale * sharp });
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(viewport.width);
    canvas.height = Math.floor(viewport.height);
    await this.page.render({ canvas, viewport }).promise;
    if (!this.wanted || this.painted !== scale) return;
    this.element.querySelector("canvas")?.remove();
    this.element.prepend(canvas);
  }

  mark(places: { at: DOMRect; label: string }[]): void {
    this.places = places;
    this.drawMarks();
  }

  private drawMarks(): void {
    for (const old of this.element.querySelectorAll(".mark")) old.remove();
    const s = this.scale() * mmToPoint;
    for (const { at, label } of this.places) {
      const frame = document.createElement("div");
      const words = document.createElement("span");
      frame.className = "mark";
      words.textContent = label;
      frame.append(words);
      frame.style.left = `${at.x * s}px`;
      frame.style.top = `${at.y * s}px`;
      frame.style.width = `${at.width * s}px`;
      frame.style.height = `${at.height * s}px`;
      this.element.append(frame);
    }
  }
}

// marks frames the places of number, date, signature and seal while their form is open,
// and follows what is typed into it.
function marks(frames: Frame[]): void {
  const form = document.querySelector<HTMLDetailsElement>("details.places");
  if (!form) return;
  const read = () => {
    const byPage = new Map<number, { at: DOMRect; label: string }[]>();
    for (const row of form.open ? form.querySelectorAll<HTMLElement>("[data-place]") : []) {
      const value = (part: string) =>
        Number(row.querySelector<HTMLInputElement>(`[name$=".${part}"]`)?.value.trim().replace(",", "."));
      const [page, x, y, w, h] = ["page", "x", "y", "w", "h"].map(value) as [number, number, number, number, number];
      if (![page, x, y, w, h].every(Number.isFinite)) continue;
      const label = row.querySelector("th")?.firstChild?.textContent?.trim() ?? "";
      byPage.set(page, [...(byPage.get(page) ?? []), { at: new DOMRect(x, y, w, h), label }]);
    }
    for (const f of frames) f.mark(byPage.get(f.number) ?? []);
  };
  form.addEventListener("input", read);
  form.addEventListener("toggle", read);
  read();
}

// An act is sent once, however often its button is pressed.
function onlyOnce(): void {
  document.addEventListener("submit", (e) => {
    const form = e.target as HTMLFormElement;
    if (form.dataset.sent) {
      e.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.querySelector("button:not([type=button])")?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
      delete form.dataset.sent;
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
    }
  });
}

onlyOnce();
const viewer = document.getElementById("viewer");
if (viewer) void main(viewer);
