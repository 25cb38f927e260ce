import {nameOf} from '../src/users';
it('h',()=>{expect(nameOf([{id:1,name:'A'}],1)).toBe('A');expect(()=>nameOf([],1)).not.toThrow()})
