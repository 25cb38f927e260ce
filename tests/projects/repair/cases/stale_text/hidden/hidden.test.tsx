import { render, screen } from '@testing-library/react';
import {Save} from '../src/Save';
it('h',()=>{render(<Save/>);screen.getByRole('button',{name:'Save changes'})})
