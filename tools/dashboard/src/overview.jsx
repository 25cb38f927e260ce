// Is it well, what runs, what waits and why, what does today cost?
import { get, useLive } from './api.js'
import { Badge, Loaded, Run, Table, Tile } from './parts.jsx'
import { BUDGETS, clock, count, day, duration, plural, project, sentence, usd } from './words.js'

// [is it well?, a sentence]
export function health(status, runs) {
  const slots = status.slots_idle + status.slots_busy
  const held = runs.filter((run) => run.verdict === 0 && run.held).length
  if (status.jobs_queued > 0 && slots === 0) return [false, `${plural(status.jobs_queued, 'file')} waiting: no executor is connected. Start one: troupe-node --role executor`]
  if (status.budget > 0 && status.runs_open > 0) return [false, `The month's budget holds runs back: ${BUDGETS[status.budget] ?? status.budget}`]
  if (status.jobs_queued > 0 && status.slots_idle === 0) return [true, `${plural(status.jobs_queued, 'file')} waiting: all ${plural(slots, 'slot')} busy, about ${duration(status.work_ms / slots)} of work left`]
  if (held > 0) return [true, `${plural(held, 'run')} waiting for code to be fetched`]
  if (status.jobs_queued > 0) return [true, `${plural(status.jobs_queued, 'file')} waiting although ${plural(status.slots_idle, 'slot')} idle: a run that allows fewer workers, or one that is about to be served`]
  if (status.runs_open > 0) return [true, `${plural(status.runs_open, 'run')} open, nothing waits`]
  return slots === 0 ? [true, 'Nothing to do; no executor is connected'] : [true, 'Nothing to do']
}

const load = async () => {
  const [status, runs, today] = await Promise.all([get('status'), get('runs'), get('today')])
  return { status, runs: runs.rows, today: today.rows[0] }
}

function row(run) {
  const progress = run.verdict ? '' : `${run.running} running, ${run.waiting} waiting`
  const bad = run.tests_failed + run.tests_lost
  return (
    <tr key={run.id}>
      <td><Badge kind="verdict" number={run.verdict} /></td>
      <td><Run id={run.id} name={project(run.dir)} />{run.origin && <div class="soft">{run.origin}</div>}</td>
      <td>{day(run.accepted_ms)}</td>
      <td class="n">{run.verdict ? count(run.tests_planned) : `${count(run.files_done)} / ${count(run.files)} files`}</td>
      <td class={bad ? 'n failed' : 'n'}>{run.verdict ? count(bad) : progress}</td>
      <td class="n">{run.verdict ? duration(run.wall_ms) : ''}</td>
    </tr>
  )
}

export function Overview({ events }) {
  const state = useLive(load, [])
  return (
    <Loaded state={state}>{({ status, runs, today }) => {
      const [well, why] = health(status, runs)
      return <>
        <h1>Overview</h1>
        <p class={well ? 'health' : 'health bad'} role="status"><strong>{well ? 'Well.' : 'Needs you.'}</strong> {why}.</p>
        <dl class="tiles">
          <Tile name="runs open" value={count(status.runs_open)} />
          <Tile name="files waiting" value={count(status.jobs_queued)} />
          <Tile name="files running" value={count(status.jobs_leased)} />
          <Tile name="slots" value={`${status.slots_busy} / ${status.slots_busy + status.slots_idle}`} note="busy / all" />
          <Tile name="runs today" value={count(today.runs)} note={`${today.passed ?? 0} passed, ${today.failed ?? 0} failed`} bad={today.failed > 0} />
          <Tile name="cost today" value={status.paid ? usd(today.usd) : duration(today.slot_us / 1000)}
            note={status.paid ? `${usd(status.spent_usd)} this month, ${usd(status.forecast_usd)} forecast` : 'of work, on machines of your own'} />
        </dl>
        <h2>Runs</h2>
        <Table label="runs" head={['verdict', 'project', 'came', 'tests', 'failed', 'took']} rows={runs.map(row)}
          empty="No run yet. `troupe run DIR` makes one, or `troupe submit DIR` hands one to this cluster." />
        <h2>Just now</h2>
        <Events events={events} empty="Nothing has happened since this page was opened." />
      </>
    }}</Loaded>
  )
}

export function Events({ events, empty }) {
  if (events.length === 0) return <p class="note">{empty}</p>
  return (
    <ol class="events" aria-live="off">
      {events.map((event) => (
        <li key={event.no}><time dateTime={new Date(event.at_ms).toISOString()}>{clock(event.at_ms)}</time>
          {' '}<Run id={event.run} /> {sentence(event)}</li>))}
    </ol>
  )
}
