import {double} from '../src/load';
it('h',async()=>{expect(await double()).toBe(6)})
