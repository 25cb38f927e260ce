import {collect} from '../src/fetchAll';
it('h',async()=>{expect(await collect(['x'])).toEqual(['x','a','b','c'])})
