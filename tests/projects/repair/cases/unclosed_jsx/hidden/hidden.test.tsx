import {render,screen} from '@testing-library/react';
import {Card} from '../src/Card';
it('h',()=>{const {container}=render(<Card title="T"/>);expect(container.querySelector('header h2')?.textContent).toBe('T');expect(container.querySelector('header p')).toBeNull()})
