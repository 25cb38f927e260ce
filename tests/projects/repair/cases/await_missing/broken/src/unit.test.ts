import {collect} from './fetchAll';
it('order',async()=>{expect(await collect([])).toEqual(['a','b','c'])});