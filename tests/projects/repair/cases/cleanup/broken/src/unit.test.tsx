import { render } from '@testing-library/react';
import { vi } from 'vitest';
import {Width} from './Width';
it('cleans up',()=>{const s=vi.spyOn(window,'removeEventListener');const {unmount}=render(<Width/>);unmount();expect(s.mock.calls.some(c=>c[0]==='resize')).toBe(true)});