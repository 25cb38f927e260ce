import { render, screen, fireEvent } from '@testing-library/react';
import {Counter} from '../src/Counter';
it('h',()=>{render(<Counter/>);const b=screen.getByRole('button');fireEvent.click(b);fireEvent.click(b);screen.getByText('n=4')})
