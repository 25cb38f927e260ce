import { useQuery } from '@tanstack/react-query';
import { describe, expect, it, vi } from 'vitest';
import { ErrorMessage } from '../../src/components/ErrorMessage';
import { QueryState } from '../../src/components/QueryState';
import { Spinner } from '../../src/components/Spinner';
import { render, screen } from '../helpers/test-utils';

describe('Spinner', () => {
  it('says that it is loading', () => {
    render(<Spinner />, { language: 'de' });
    expect(screen.getByRole('progressbar', { name: 'Wird geladen …' })).toBeInTheDocument();
  });
});

describe('ErrorMessage', () => {
  it('shows the message and offers a retry', async () => {
    const onRetry = vi.fn();
    const { user } = render(<ErrorMessage error={new Error('No network')} onRetry={onRetry} />);
    expect(screen.getByRole('alert')).toHaveTextContent('No network');
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(onRetry).toHaveBeenCalledOnce();
  });
});

describe('QueryState', () => {
  function Example({ queryFn }: { queryFn: () => Promise<string> }) {
    const query = useQuery({ queryKey: ['example'], queryFn });
    return <QueryState query={query}>{(text) => <p>{text}</p>}</QueryState>;
  }

  it('shows progress, then the data', async () => {
    render(<Example queryFn={() => Promise.resolve('the data')} />);
    expect(screen.getByRole('progressbar')).toBeInTheDocument();
    expect(await screen.findByText('the data')).toBeInTheDocument();
    expect(screen.queryByRole('progressbar')).not.toBeInTheDocument();
  });

  it('recovers through a retry', async () => {
    const queryFn = vi.fn().mockRejectedValueOnce(new Error('No network')).mockResolvedValue('the data');
    const { user } = render(<Example queryFn={queryFn} />);
    await user.click(await screen.findByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('the data')).toBeInTheDocument();
  });
});
