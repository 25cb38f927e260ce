import {isAdult} from './age';
it('18 is adult',()=>{expect(isAdult(18)).toBe(true);expect(isAdult(17)).toBe(false)});