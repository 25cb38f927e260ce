import {top} from './top';
it('leaves its input',()=>{const a=[1,3,2];expect(top(a,2)).toEqual([3,2]);expect(a).toEqual([1,3,2])});