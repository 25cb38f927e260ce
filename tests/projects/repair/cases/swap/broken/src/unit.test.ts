import {percent} from './ratio';
it('half',()=>{expect(percent(1,2)).toBe(50)});