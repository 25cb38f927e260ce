// Who ran what when: a lane per worker; under each file what it was expected to take.
import { useEffect, useRef, useState } from 'preact/hooks'
import { get } from './api.js'
import { duration, plural, word } from './words.js'

const LANE = 30
const LABEL = 130
const FILES_MAX = 20000

async function loadAll(run) {
  const rows = []
  for (let after = 0, more = true; more && rows.length < FILES_MAX;) {
    const page = await get('files', { run, after })
    rows.push(...page.rows)
    after = page.next
    more = page.more && page.rows.length > 0
  }
  return rows
}

// Bars of the files that have run, in ms since the first began; a batch is leased at once, so that
// what a file took counts back from its end.
export function lay(rows) {
  const bars = rows
    .filter((file) => file.ended_ms > 0 && !file.cached)
    .map((file) => ({ file, worker: file.worker || 'nobody', end: file.ended_ms,
                      start: file.ended_ms - file.duration_us / 1000, expected: file.expected_us / 1000 }))
  const begin = Math.min(...bars.map((bar) => bar.start))
  bars.forEach((bar) => { bar.start -= begin; bar.end -= begin })
  const lanes = [...new Set(bars.map((bar) => bar.worker))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const end = Math.max(0, ...bars.map((bar) => bar.end))
  const last = bars.find((bar) => bar.end === end)
  return { bars, lanes, end, last,
           expected: bars.reduce((sum, bar) => sum + bar.expected, 0),
           real: bars.reduce((sum, bar) => sum + bar.end - bar.start, 0) }
}

function paint(canvas, plan) {
  const style = getComputedStyle(document.documentElement)
  const color = (name) => style.getPropertyValue(`--${name}`)
  const scale = window.devicePixelRatio || 1
  const width = canvas.clientWidth
  canvas.width = width * scale
  canvas.height = (plan.lanes.length * LANE + 22) * scale
  const draw = canvas.getContext('2d')
  draw.scale(scale, scale)
  draw.font = '12px system-ui, sans-serif'
  draw.textBaseline = 'middle'
  const x = (ms) => LABEL + (ms / (plan.end || 1)) * (width - LABEL - 2)
  plan.lanes.forEach((name, i) => {
    draw.fillStyle = color(name === plan.last?.worker ? 'ink' : 'soft')
    draw.fillText(name.slice(-18) + (name === plan.last?.worker ? ' ◂ last' : ''), 0, i * LANE + 13)
    draw.fillStyle = color('line')
    draw.fillRect(LABEL, i * LANE + LANE - 2, width - LABEL, 1)
  })
  const colors = { 2: 'red', 4: 'amber', 5: 'red', 3: 'soft' }
  for (const bar of plan.bars) {
    const y = plan.lanes.indexOf(bar.worker) * LANE + 2
    const left = x(bar.start)
    draw.fillStyle = color(colors[bar.file.status] ?? 'green')
    draw.fillRect(left, y, Math.max(1, x(bar.end) - left - 0.5), 16)
    draw.fillStyle = color('blue')
    draw.fillRect(left, y + 18, Math.max(1, (bar.expected / (plan.end || 1)) * (width - LABEL) - 0.5), 3)
  }
  draw.fillStyle = color('soft')
  for (let i = 0; i <= 4; i++) {
    const at = x((plan.end * i) / 4)
    draw.textAlign = i === 0 ? 'left' : i === 4 ? 'right' : 'center'
    draw.fillText(duration((plan.end * i) / 4), at, plan.lanes.length * LANE + 12)
  }
}

export function Timeline({ run, done }) {
  const canvas = useRef(null)
  const [plan, setPlan] = useState(null)
  const [under, setUnder] = useState('')
  useEffect(() => {
    let here = true
    const timer = setTimeout(() => loadAll(run).then((rows) => here && setPlan(lay(rows)), () => {}), plan ? 1000 : 0)
    return () => { here = false; clearTimeout(timer) }
  }, [run, done])
  useEffect(() => {
    if (!plan || !canvas.current) return undefined
    const again = () => canvas.current && paint(canvas.current, plan)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    again()
    addEventListener('resize', again)
    dark.addEventListener('change', again)
    return () => { removeEventListener('resize', again); dark.removeEventListener('change', again) }
  }, [plan])
  if (!plan) return <p class="note">loading…</p>
  if (plan.bars.length === 0) return <p class="note">No file has ended on a worker yet; results that were taken over have no time of their own.</p>

  function point(event) {
    const at = ((event.offsetX - LABEL) / (canvas.current.clientWidth - LABEL)) * plan.end
    const lane = plan.lanes[Math.floor(event.offsetY / LANE)]
    const bar = plan.bars.find((b) => b.worker === lane && b.start <= at && at <= b.end)
    setUnder(bar ? `${bar.file.file}: ${word('status', bar.file.status)} in ${duration(bar.end - bar.start)}, expected ${duration(bar.expected)}` : '')
  }
  const share = plan.real / (plan.end * plan.lanes.length || 1)
  const summary = `${plural(plan.bars.length, 'file')} on ${plural(plan.lanes.length, 'worker')} in ${duration(plan.end)}; ` +
    `${duration(plan.real)} of work, ${duration(plan.expected)} expected; workers were busy for ${Math.round(share * 100)} % of the time. ` +
    `The last to end was ${plan.last.worker} with ${plan.last.file.file}.`
  return (
    <figure>
      <canvas ref={canvas} class="timeline" role="img" aria-label={summary} style={{ height: `${plan.lanes.length * LANE + 22}px` }}
        onPointerMove={point} onPointerLeave={() => setUnder('')} />
      <figcaption>
        <p>{summary}</p>
        <p class="soft">{under || 'Thick: what a file took, in the colour of its status. Thin, blue: what was expected.'}</p>
      </figcaption>
    </figure>
  )
}
