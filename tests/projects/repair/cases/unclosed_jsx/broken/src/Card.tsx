export function Card({ title }: { title: string }) {
  return (
    <section>
      <header>
        <h2>{title}</h2>
      <p>body</p>
    </section>
  );
}
