import { describe, expect, it } from 'vitest';
import { useFormatters } from '../../src/hooks/useFormatters';
import { act, renderHook } from '../helpers/test-utils';

describe('useFormatters', () => {
  it('formats in the language of the application', () => {
    const { result } = renderHook(useFormatters, { language: 'de' });
    expect(result.current.currency(123456)).toBe('1.234,56\u00a0€');
    expect(result.current.date('2024-06-05')).toBe('05.06.2024');
    expect(result.current.month('2024-06')).toBe('Juni 2024');
    expect(result.current.percent(0.5)).toBe('50\u00a0%');
  });

  it('follows a change of language', async () => {
    const { result, i18n } = renderHook(useFormatters);
    expect(result.current.currency(100)).toBe('€1.00');
    await act(() => i18n.changeLanguage('de'));
    expect(result.current.locale).toBe('de');
    expect(result.current.currency(100)).toBe('1,00\u00a0€');
  });

  it('stays the same object while the language does', () => {
    const { result, rerender } = renderHook(useFormatters);
    const first = result.current;
    rerender();
    expect(result.current).toBe(first);
  });
});
