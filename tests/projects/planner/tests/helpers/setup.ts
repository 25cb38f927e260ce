import '@testing-library/jest-dom/vitest';
import { cleanup } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// No canvas in the test environment: charts are rendered as their data.
vi.mock('react-chartjs-2', () => import('./chart-stub'));

afterEach(() => {
  vi.useRealTimers();
  if (typeof document === 'undefined') return;
  cleanup();
  localStorage.clear();
});
