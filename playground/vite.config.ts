import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const BASE = "/playground/";
const INLINE_FONT = /data:font\/(\w+);base64,([\w+/=]+)/g;

/** GraphiQL's style sheet holds its fonts inline, which the page's policy refuses: each becomes a file. */
const fontFiles: Plugin = {
  name: "font-files",
  generateBundle(_, bundle) {
    for (const each of Object.values(bundle)) {
      if (each.type === "asset" && each.fileName.endsWith(".css")) {
        each.source = each.source.toString().replace(INLINE_FONT, (_, format: string, base64: string) => {
          const source = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
          return BASE + this.getFileName(this.emitFile({ type: "asset", name: `font.${format}`, source }));
        });
      }
    }
  },
};

// The gateway serves the result: the page at /graphql, its files below /playground/.
export default defineConfig({
  base: BASE,
  plugins: [react(), fontFiles],
  worker: { format: "es" },
  build: {
    outDir: "../gateway/static",
    emptyOutDir: true,
    // Scripts and styles stay files: the page's policy allows no inline code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8000,
    rolldownOptions: {
      onLog(level, log, handle) {
        // "use no memo" speaks to React's compiler, which has run by then.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE" || !log.message.includes('"use no memo"')) {
          handle(level, log);
        }
      },
    },
  },
});
