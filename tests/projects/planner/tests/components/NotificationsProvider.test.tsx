import { render as renderBare } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { useNotify } from '../../src/notifications/NotificationsProvider';
import { render, screen } from '../helpers/test-utils';

function Saver() {
  const notify = useNotify();
  return (
    <button type="button" onClick={() => notify('success', 'Saved')}>
      Save
    </button>
  );
}

describe('notifications', () => {
  it('appear and can be dismissed', async () => {
    const { user } = render(<Saver />);
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(screen.getByRole('status')).toHaveTextContent('Saved');
    await user.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(screen.getByRole('status')).toBeEmptyDOMElement();
  });

  it('need their provider', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    expect(() => renderBare(<Saver />)).toThrow('useNotify must be used within a NotificationsProvider');
  });
});
