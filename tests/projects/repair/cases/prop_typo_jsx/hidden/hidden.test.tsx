import {render,screen,fireEvent} from '@testing-library/react';
import {vi} from 'vitest';
import {Bar} from '../src/Bar';
it('h',()=>{const f=vi.fn();render(<Bar save={f}/>);fireEvent.click(screen.getByText('Save'));expect(f).toHaveBeenCalledTimes(1)})
