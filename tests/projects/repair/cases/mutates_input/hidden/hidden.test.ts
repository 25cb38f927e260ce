import {top} from '../src/top';
it('h',()=>{const a=[5,9];top(a,1);expect(a).toEqual([5,9]);expect(top([1,2,3],1)).toEqual([3])})
