import {total} from '../src/tax';
it('h',()=>{expect(total(100,0.5)).toBe(150)})
