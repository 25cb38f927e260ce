interface Props {
  label: string;
  value: string;
  tone?: 'good' | 'bad';
}

export function StatCard({ label, value, tone }: Props) {
  return (
    <section className="card stat" aria-label={label} data-tone={tone}>
      <h2>{label}</h2>
      <p>{value}</p>
    </section>
  );
}
