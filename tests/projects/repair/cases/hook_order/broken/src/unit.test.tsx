import { render, screen } from '@testing-library/react';
import {Panel} from './Panel';
it('opens',()=>{const r=render(<Panel open={false}/>);r.rerender(<Panel open={true}/>);screen.getByText('panel 1')});