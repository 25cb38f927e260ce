import { useEffect, useState } from 'react';

export function Width() {
  const [w, setW] = useState(0);
  useEffect(() => {
    const onResize = () => setW(window.innerWidth);
    window.addEventListener('resize', onResize);
  }, []);
  return <p>{w}</p>;
}
