import {Counter} from '../src/Counter';
it('h',()=>{const k=new Counter();k.inc();expect(k.inc()).toBe(2)})
