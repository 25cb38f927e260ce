import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ExportButton } from '../../src/components/ExportButton';
import { entry } from '../helpers/fixtures';
import { render, screen } from '../helpers/test-utils';

const range = { from: '2024-06-01', to: '2024-06-30' };

let downloads: { name: string; content: Blob }[];

beforeEach(() => {
  downloads = [];
  const blobs = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:test');
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    downloads.push({ name: this.download, content: blobs.mock.lastCall![0] as Blob });
  });
});

describe('ExportButton', () => {
  it('downloads the entries as CSV', async () => {
    const { user } = render(<ExportButton entries={[entry({ customer: 'Alder, Birch & Co' })]} range={range} />);
    await user.click(screen.getByRole('button', { name: 'Export CSV' }));
    expect(downloads).toHaveLength(1);
    expect(downloads[0]!.name).toBe('revenue-2024-06-01-2024-06-30.csv');
    expect(await downloads[0]!.content.text()).toBe(
      'Date,Customer,Category,Amount\r\n2024-06-01,"Alder, Birch & Co",Services,100.00\r\n',
    );
  });

  it('speaks the language of the application', async () => {
    const { user } = render(<ExportButton entries={[entry()]} range={range} />, { language: 'de' });
    await user.click(screen.getByRole('button', { name: 'CSV exportieren' }));
    expect(downloads[0]!.name).toBe('umsatz-2024-06-01-2024-06-30.csv');
    expect(await downloads[0]!.content.text()).toContain('Datum,Kunde,Kategorie,Betrag\r\n');
  });

  it('has nothing to export without entries', () => {
    render(<ExportButton entries={[]} range={range} />);
    expect(screen.getByRole('button')).toBeDisabled();
  });
});
