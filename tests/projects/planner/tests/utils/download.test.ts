import { expect, it, vi } from 'vitest';
import { downloadText } from '../../src/utils/download';

it('clicks a link to the text and releases it', async () => {
  const create = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:test');
  const revoke = vi.spyOn(URL, 'revokeObjectURL');
  const clicked: HTMLAnchorElement[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    clicked.push(this);
  });

  downloadText('report.csv', 'a,b');

  expect(clicked.map((link) => [link.download, link.href])).toEqual([['report.csv', 'blob:test']]);
  expect(await (create.mock.calls[0]![0] as Blob).text()).toBe('a,b');
  expect(revoke).toHaveBeenCalledWith('blob:test');
});
