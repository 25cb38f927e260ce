import {isAdult} from '../src/age';
it('h',()=>{expect(isAdult(18)).toBe(true);expect(isAdult(10)).toBe(false);expect(isAdult(40)).toBe(true)})
