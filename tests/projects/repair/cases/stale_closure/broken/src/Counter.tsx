import { useState } from 'react';

export function Counter() {
  const [n, setN] = useState(0);
  const twice = () => {
    setN(n + 1);
    setN(n + 1);
  };
  return <button onClick={twice}>n={n}</button>;
}
