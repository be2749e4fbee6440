import { cpSync } from "node:fs";
import { defineConfig } from "vite";

const pdfjs = "node_modules/pdfjs-dist/";

// The viewer looks for what few PDFs need (fonts that are not embedded, decoders of scans)
// beside itself, under names that it knows.
const besideTheViewer = {
  name: "beside-the-viewer",
  writeBundle() {
    cpSync(pdfjs + "standard_fonts", "dist/fonts", { recursive: true });
    cpSync(pdfjs + "LICENSE", "dist/LICENSE_PDFJS");
    for (const f of ["jbig2.wasm", "openjpeg.wasm", "qcms_bg.wasm", "LICENSE_JBIG2", "LICENSE_OPENJPEG", "LICENSE_QCMS"]) {
      cpSync(pdfjs + "wasm/" + f, "dist/wasm/" + f);
    }
  },
};

export default defineConfig({
  base: "./", // the server puts a checksum before every path
  plugins: [besideTheViewer],
  build: {
    target: "es2022",
    emptyOutDir: false, // .gitkeep stays; names are stable
    modulePreload: false,
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      input: { viewer: "src/viewer.ts", upload: "src/upload.ts", recipients: "src/recipients.ts" },
      output: { entryFileNames: "[name].js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" },
    },
  },
});
