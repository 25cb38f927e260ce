import { render, screen, fireEvent } from '@testing-library/react';
import {Counter} from './Counter';
it('two at once',()=>{render(<Counter/>);fireEvent.click(screen.getByRole('button'));screen.getByText('n=2')});