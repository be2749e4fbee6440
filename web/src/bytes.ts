// Fetching bytes once, with progress, and what they are.

export class Refused extends Error {}

// fetchBytes reads the whole answer into one buffer and tells how far it has come.
export async function fetchBytes(address: string, progress: (done: number, total: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(address, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok || !answer.body) throw new Refused(`${answer.status}`);
  const total = Number(answer.headers.get("Content-Length") ?? 0);
  let done = 0;
  const counted = answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, out) {
        done += piece.length;
        progress(done, total);
        out.enqueue(piece);
      },
    }),
  );
  return new Uint8Array(await new Response(counted).arrayBuffer());
}

// sha256 in hex; undefined where the browser does not offer it (no TLS).
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) return undefined;
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum, (b) => b.toString(16).padStart(2, "0")).join("");
}

// size in the units people use.
export function size(n: number): string {
  if (n < 1 << 20) return `${Math.max(1, Math.round(n / 1024))} KB`;
  return `${(n / (1 << 20)).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB`;
}
