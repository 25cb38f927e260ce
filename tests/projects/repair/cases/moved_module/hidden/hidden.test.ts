import {pathOf} from '../src/page';
it('h',()=>{expect(pathOf(' A b ')).toBe('/a-b')})
