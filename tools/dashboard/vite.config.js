// Three files with fixed names, which the gateway serves from memory; nothing is loaded from
// elsewhere.  The words of terms come from proto/terms.def, so that there is one list of them.
import { readFileSync } from 'node:fs'
import { defineConfig } from 'vite'

const terms = {
  name: 'terms',
  resolveId: (id) => (id === 'virtual:terms' ? id : null),
  load(id) {
    if (id !== 'virtual:terms') return null
    const file = new URL('../../proto/terms.def', import.meta.url)
    const words = {}
    for (const [, kind, number, word] of readFileSync(file, 'utf8').matchAll(
      /^TERM\((\w+),\s*\w+,\s*(\d+),\s*"([^"]*)"\)/gm)) {
      words[kind] = { ...words[kind], [number]: word }
    }
    return `export default ${JSON.stringify(words)}`
  },
}

export default defineConfig({
  plugins: [terms],
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    modulePreload: false,
    rollupOptions: {
      output: { entryFileNames: 'app.js', assetFileNames: 'app[extname]' },
    },
  },
})
