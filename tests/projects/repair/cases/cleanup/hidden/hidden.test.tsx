import { render } from '@testing-library/react';
import { vi } from 'vitest';
import {Width} from '../src/Width';
it('h',()=>{const a=vi.spyOn(window,'addEventListener');const r=vi.spyOn(window,'removeEventListener');const {unmount}=render(<Width/>);unmount();const h=a.mock.calls.find(c=>c[0]==='resize')![1];expect(r.mock.calls.some(c=>c[0]==='resize'&&c[1]===h)).toBe(true)})
