import { expect, it, vi } from 'vitest';
import { ConfirmDialog } from '../../src/components/ConfirmDialog';
import { render, screen } from '../helpers/test-utils';

function setup() {
  const onConfirm = vi.fn();
  const onCancel = vi.fn();
  const result = render(<ConfirmDialog question="Really?" onConfirm={onConfirm} onCancel={onCancel} />);
  return { ...result, onConfirm, onCancel };
}

it('asks, with the harmless answer focused', () => {
  setup();
  expect(screen.getByRole('alertdialog', { name: 'Really?' })).toBeInTheDocument();
  expect(screen.getByRole('button', { name: 'Cancel' })).toHaveFocus();
});

it('confirms', async () => {
  const { user, onConfirm, onCancel } = setup();
  await user.click(screen.getByRole('button', { name: 'Delete' }));
  expect(onConfirm).toHaveBeenCalledOnce();
  expect(onCancel).not.toHaveBeenCalled();
});

it('cancels by button and by Escape', async () => {
  const { user, onConfirm, onCancel } = setup();
  await user.click(screen.getByRole('button', { name: 'Cancel' }));
  await user.keyboard('{Escape}');
  expect(onCancel).toHaveBeenCalledTimes(2);
  expect(onConfirm).not.toHaveBeenCalled();
});

it('stops listening once closed', async () => {
  const { user, unmount, onCancel } = setup();
  unmount();
  await user.keyboard('{Escape}');
  expect(onCancel).not.toHaveBeenCalled();
});
