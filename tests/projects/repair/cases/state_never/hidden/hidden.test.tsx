import {render,screen,fireEvent} from '@testing-library/react';
import {Todo} from '../src/Todo';
it('h',()=>{render(<Todo/>);fireEvent.click(screen.getByText('add'));screen.getByText('X')})
