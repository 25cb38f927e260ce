import { render, screen } from '@testing-library/react';
import {Panel} from '../src/Panel';
it('h',()=>{const r=render(<Panel open={true}/>);screen.getByText('panel 1');r.rerender(<Panel open={false}/>);expect(screen.queryByText('panel 1')).toBeNull()})
