// What several pages are made of.
import { word } from './words.js'

export function Badge({ kind, number, open = 'running' }) {
  const text = number ? word(kind, number) : open
  return <span class={`badge ${text}`}>{text}</span>
}

export const Status = ({ number }) => <Badge kind="status" number={number} open="waiting" />

export function Tile({ name, value, note, bad }) {
  return <div class={bad ? 'tile bad' : 'tile'}><dt>{name}</dt><dd>{value}</dd>{note && <dd class="soft">{note}</dd>}</div>
}

export const Run = ({ id, name }) => <a href={`#/run/${id}`}>{name ?? <code>{id.slice(-8)}</code>}</a>

// What is loaded, or why it is not there.
export function Loaded({ state, children }) {
  if (state.error && !state.data) return <p class="note bad" role="alert">{state.error.message}</p>
  if (!state.data) return <p class="note" role="status">loading…</p>
  return <>
    {state.error && <p class="note bad" role="alert">Not current any more: {state.error.message}</p>}
    {children(state.data)}
  </>
}

export function Table({ head, rows, empty, label }) {
  if (rows.length === 0) return <p class="note">{empty}</p>
  return (
    <div class="table" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead><tr>{head.map((text) => <th key={text} scope="col">{text}</th>)}</tr></thead>
        <tbody>{rows}</tbody>
      </table>
    </div>
  )
}

const MARKS = { '+': 'added', '-': 'removed', '@': 'place' }

export function Diff({ text }) {
  if (!text) return null
  return (
    <pre class="diff" tabIndex={0} aria-label="diff">
      {text.trimEnd().split('\n').map((line, i) =>
        <span key={i} class={MARKS[line[0]] ?? ''}>{line + '\n'}</span>)}
    </pre>
  )
}
