import { useState } from 'react';

export function Todo() {
  const [items, setItems] = useState([]);
  return (
    <div>
      <button onClick={() => setItems([...items, 'x'])}>add</button>
      <ul>{items.map((i, k) => <li key={k}>{i.toUpperCase()}</li>)}</ul>
    </div>
  );
}
