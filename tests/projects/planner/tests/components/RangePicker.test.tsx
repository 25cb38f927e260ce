import { fireEvent } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { RangePicker } from '../../src/components/RangePicker';
import { render, screen } from '../helpers/test-utils';

function setup(props: Partial<Parameters<typeof RangePicker>[0]> = {}) {
  const onPreset = vi.fn();
  const onRange = vi.fn();
  const range = { from: '2024-06-01', to: '2024-06-30' };
  const result = render(
    <RangePicker preset="thisMonth" range={range} onPreset={onPreset} onRange={onRange} {...props} />,
  );
  return { ...result, onPreset, onRange };
}

describe('RangePicker', () => {
  it('shows preset and range', () => {
    setup();
    expect(screen.getByRole('combobox', { name: 'Period' })).toHaveDisplayValue('This month');
    expect(screen.getByLabelText('From')).toHaveValue('2024-06-01');
    expect(screen.getByLabelText('To')).toHaveValue('2024-06-30');
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
  });

  it('reports a chosen preset', async () => {
    const { user, onPreset } = setup();
    await user.selectOptions(screen.getByRole('combobox'), 'This quarter');
    expect(onPreset).toHaveBeenCalledExactlyOnceWith('thisQuarter');
  });

  it('reports a changed end and keeps the other', () => {
    const { onRange } = setup();
    fireEvent.change(screen.getByLabelText('From'), { target: { value: '2024-06-10' } });
    expect(onRange).toHaveBeenCalledWith({ from: '2024-06-10', to: '2024-06-30' });
    fireEvent.change(screen.getByLabelText('To'), { target: { value: '2024-07-01' } });
    expect(onRange).toHaveBeenCalledWith({ from: '2024-06-01', to: '2024-07-01' });
  });

  it('does not offer "Custom"', () => {
    setup();
    expect(screen.getByRole('option', { name: 'Custom' })).toBeDisabled();
  });

  it('warns of an invalid range', () => {
    setup({ preset: 'custom', range: { from: '2024-06-02', to: '2024-06-01' } });
    expect(screen.getByRole('alert')).toHaveTextContent('The period ends before it starts.');
  });
});
