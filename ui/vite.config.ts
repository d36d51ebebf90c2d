import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import vue from '@vitejs/plugin-vue'
import ui from '@nuxt/ui/vite'
import { empty } from './tool/empty.ts'
import { precompress } from './tool/precompress.ts'

const server = process.env.LEAT_URL ?? 'http://leat.localhost:8080'

export default defineConfig({
  plugins: [
    vue(),
    ui({
      colorMode: false,
      experimental: { componentDetection: true },
      components: { dts: 'src/components.d.ts' },
      autoImport: false,
      icon: { clientBundle: { scan: { globInclude: ['src/**/*.{vue,ts}'] }, sizeLimitKb: 64 } },
      theme: { colors: ['primary', 'success', 'info', 'warning', 'error'], transitions: true },
      ui: {
        modal: { slots: { footer: 'justify-end' } },
        // The words on a button keep their contrast under the pointer too (style.css names these classes to Tailwind).
        button: {
          compoundVariants: (['primary', 'error'] as const).map((color) => ({ color, variant: 'solid' as const, class: `hover:bg-${color}/92 active:bg-${color}/92 disabled:bg-${color} aria-disabled:bg-${color}` })),
        },
        colors: { primary: 'leat', neutral: 'slate', success: 'green', info: 'blue', warning: 'amber', error: 'red' },
      },
    }),
    empty('placeholder.html'),
    precompress(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  build: {
    outDir: 'dist',
    // The page that stands there in a fresh clone is in git and stays.
    emptyOutDir: false,
    assetsInlineLimit: 0,
    target: 'es2022',
    // What many pages share comes in one file and not in forty small ones.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'base', minShareCount: 7 }] } } },
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  server: { host: 'leat.localhost', port: 5173, proxy: { '/api': { target: server, changeOrigin: true }, '/door': server } },
})
