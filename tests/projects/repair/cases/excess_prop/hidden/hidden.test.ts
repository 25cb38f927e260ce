import {make} from '../src/opts';
it('h',()=>{expect(make()).toEqual({color:'red',width:2})})
