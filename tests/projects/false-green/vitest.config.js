import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 1000,
    projects: [
      { extends: true, test: { name: 'main', include: ['src/**/*.test.js'] } },
      {
        extends: true,
        test: { name: 'broken-setup', include: ['broken-setup/**/*.test.js'], setupFiles: ['broken-setup/setup.js'] },
      },
    ],
  },
})
