import {percent} from '../src/ratio';
it('h',()=>{expect(percent(1,4)).toBe(25)})
