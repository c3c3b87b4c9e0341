import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The gateway serves the result: the page at /graphql, its files below /playground/.
export default defineConfig({
  base: "/playground/",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: "../gateway/static",
    emptyOutDir: true,
    // Scripts and styles stay files: the page's policy allows no inline code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8000,
  },
});
