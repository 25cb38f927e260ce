import {biggest} from '../src/max';
it('h',()=>{expect(biggest([1,5,2])).toBe(5)})
