import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorMessage } from './ErrorMessage';
import { Spinner } from './Spinner';

interface Props<Data> {
  query: UseQueryResult<Data>;
  children: (data: Data) => ReactNode;
}

/** Shows a query's data once there is some, and its progress or failure until then. */
export function QueryState<Data>({ query, children }: Props<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorMessage error={query.error} onRetry={() => void query.refetch()} />;
  return query.isFetching ? <Spinner /> : null;
}
