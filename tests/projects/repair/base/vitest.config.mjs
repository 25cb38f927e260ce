import { defineConfig } from 'vitest/config';

// Hidden tests are laid beside the sources' folder, so the pattern looks everywhere.
export default defineConfig({
  test: {
    environment: 'happy-dom',
    globals: true,
    include: ['**/*.test.{ts,tsx}'],
  },
});
