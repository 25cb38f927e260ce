import { render, screen } from '@testing-library/react';
import {Save} from './Save';
it('has button',()=>{render(<Save/>);screen.getByRole('button',{name:'Save'})});