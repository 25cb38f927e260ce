import {readConf} from '../src/port';
it('h',()=>{expect(readConf({PORT:'81'}).port).toBe(81)})
