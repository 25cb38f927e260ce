// A list of any length: only the rows in sight exist, and pages are loaded as they come into sight.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { get, useEvents } from './api.js'

const HEIGHT = 34
const AROUND = 12

// `query` names the page; `total` is how many rows there are, when that is known.  `row(data)`
// draws one.
export function LongList({ view, query, total, row, label, empty, concerns = () => false }) {
  const box = useRef(null)
  const rows = useRef(new Map())
  const state = useRef({ loading: false, end: 0, ended: false, life: 0 })
  const [, draw] = useState(0)
  const [range, setRange] = useState({ first: 0, last: 40 })
  const [error, setError] = useState(null)
  const key = JSON.stringify([view, query])
  const count = total ?? state.current.end + (state.current.ended ? 0 : 1)

  async function load(index) {
    const now = state.current
    if (now.loading) return
    now.loading = true
    const life = now.life
    try {
      const page = await get(view, { ...query, after: index })
      if (life === now.life) {
        page.rows.forEach((data, i) => rows.current.set(index + i, data))
        now.end = Math.max(now.end, index + page.rows.length)
        now.ended = now.ended || !page.more
        setError(null)
      }
    } catch (failed) {
      setError(failed)
      now.ended = true
    }
    now.loading = false
    draw((n) => n + 1)
  }

  function look() {
    const top = box.current?.scrollTop ?? 0
    const height = box.current?.clientHeight ?? 600
    setRange({ first: Math.max(0, Math.floor(top / HEIGHT) - AROUND), last: Math.ceil((top + height) / HEIGHT) + AROUND })
  }

  useLayoutEffect(() => {
    rows.current.clear()
    state.current = { loading: false, end: 0, ended: false, life: state.current.life + 1 }
    if (box.current) box.current.scrollTop = 0
    look()
    load(0)
  }, [key])
  useEffect(() => {
    for (let i = range.first; i < Math.min(range.last, count); i++) {
      if (!rows.current.has(i) && !(state.current.ended && i >= state.current.end && total === undefined)) {
        load(i)
        break
      }
    }
  })
  useEvents((events) => {
    if (events.some(concerns)) load(range.first)
  })

  if (error) return <p class="note bad">{error.message}</p>
  if (state.current.ended && state.current.end === 0) return <p class="note">{empty}</p>
  const shown = []
  for (let i = range.first; i < Math.min(range.last, count); i++) {
    const data = rows.current.get(i)
    shown.push(
      <li key={i} style={{ top: `${i * HEIGHT}px` }} aria-posinset={i + 1} aria-setsize={count}>
        {data ? row(data) : <span class="soft">…</span>}
      </li>)
  }
  return (
    <div class="long" ref={box} onScroll={look} tabIndex={0} role="region" aria-label={label}>
      <ul style={{ height: `${count * HEIGHT}px` }}>{shown}</ul>
    </div>
  )
}
