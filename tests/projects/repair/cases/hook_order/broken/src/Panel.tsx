import { useState } from 'react';

export function Panel({ open }: { open: boolean }) {
  if (!open) return null;
  const [n] = useState(1);
  return <p>panel {n}</p>;
}
