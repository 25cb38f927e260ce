// One run: how far it is, who ran what, what failed, every file and test.
import { useState } from 'preact/hooks'
import { get, useLive } from './api.js'
import { LongList } from './list.jsx'
import { Badge, Loaded, Status, Table, Tile } from './parts.jsx'
import { Errors, Fixes, Heals } from './remedies.jsx'
import { Timeline } from './timeline.jsx'
import { count, day, duration, plural, project, usd, word } from './words.js'

const TABS = ['failures', 'timeline', 'files', 'tests', 'errors', 'fixes', 'heals']

function why(run) {
  if (run.verdict) return run.reason
  if (run.held) return 'It waits for its code.'
  if (!run.listed) return 'Its files are being listed.'
  if (run.running === 0 && run.waiting > 0) return `${plural(run.waiting, 'file')} waiting, none running: no slot is free, or none is there.`
  return `${plural(run.running, 'file')} running, ${run.waiting} waiting.`
}

function File({ file }) {
  const note = file.state === 1 ? 'running' : file.cached ? 'taken over' : ''
  return <>
    {file.state === 1 ? <span class="badge running">running</span> : <Status number={file.status} />}
    <span class="name" title={file.message}>{file.file}</span>
    <span class="n soft">{file.state >= 3 ? `${count(file.passed)} / ${count(file.planned)}` : ''}</span>
    <span class="n">{file.state >= 3 ? duration(file.duration_us / 1000) : note}</span>
    <span class="n soft wide">{file.expected_us ? `expected ${duration(file.expected_us / 1000)}` : ''}</span>
    <span class="soft wide worker">{note || file.worker}</span>
  </>
}

const Test = ({ test }) => <>
  <Status number={test.status} />
  <span class="name" title={test.message}>{test.name || '(the file itself)'}</span>
  <span class="n">{duration(test.duration_us / 1000)}</span>
  <span class="soft wide worker">{test.file}</span>
</>

function Failures({ run }) {
  const state = useLive(() => get('failures', { run: run.id }), [run.id], (e) => e.run === run.id && e.kind === 'file-done')
  return (
    <Loaded state={state}>{({ rows, more }) => <>
      {rows.length === 0 && <p class="note">{run.verdict === 1 ? 'Nothing failed.' : run.verdict ? `No test failed by itself. ${run.reason}` : 'Nothing has failed so far.'}</p>}
      {rows.map((test) => (
        <details class="card" key={`${test.job}-${test.place}`} open={rows.length <= 3}>
          <summary><Status number={test.status} /> <strong>{test.name || '(the file itself)'}</strong> <span class="soft">{test.file}{test.line > 0 && `:${test.line}`}</span></summary>
          <pre tabIndex={0} aria-label="message">{test.message || 'no message'}</pre>
        </details>))}
      {more && <p class="note">There are more: see the list of tests.</p>}
    </>}</Loaded>
  )
}

function Long({ run, view }) {
  const [wanted, setWanted] = useState('')
  const tests = run.tests_planned - run.tests_lost
  const total = wanted ? undefined : view === 'files' ? run.files : run.verdict ? tests : undefined
  return <>
    <label class="find">find <input type="search" value={wanted} placeholder={view === 'files' ? 'part of a path' : 'part of a name'}
      maxLength={80} onInput={(event) => setWanted(event.target.value)} /></label>
    <LongList view={view} query={{ run: run.id, word: wanted }} total={total} label={`${view} of the run`}
      concerns={(e) => e.run === run.id && e.kind.startsWith('file-')}
      empty={wanted ? 'Nothing has that in its name.' : run.pruned ? 'This run is old: only its totals are kept (coordinator.closed_runs_kept).' : 'None yet.'}
      row={(data) => (view === 'files' ? <File file={data} /> : <Test test={data} />)} />
  </>
}

const PAGES = {
  failures: ({ run }) => <Failures run={run} />,
  timeline: ({ run }) => <Timeline run={run.id} done={run.files_done} />,
  files: ({ run }) => <Long run={run} view="files" key="files" />,
  tests: ({ run }) => <Long run={run} view="tests" key="tests" />,
  errors: ({ run }) => <Errors run={run.id} />,
  fixes: ({ run }) => <Fixes run={run.id} />,
  heals: ({ run }) => <Heals run={run.id} />,
}

export function RunPage({ id, tab = 'failures' }) {
  const state = useLive(() => get('run', { run: id }), [id], (event) => event.run === id)
  const Page = PAGES[tab] ?? PAGES.failures
  return (
    <Loaded state={state}>{({ rows: [run] }) => run ? <>
      <h1><Badge kind="verdict" number={run.verdict} /> {project(run.dir)}</h1>
      <p class="soft"><code>{run.id}</code> · {run.runner} {run.version} · {day(run.accepted_ms)} · {run.dir}{run.origin && ` · ${run.origin}`}</p>
      {why(run) && <p class="health">{why(run)}</p>}
      {run.note && <p class="health bad">{run.note}</p>}
      <dl class="tiles">
        <Tile name="files" value={`${count(run.files_done)} / ${count(run.files)}`}
          note={[run.files_cached && `${count(run.files_cached)} taken over`, run.files_not_affected && `${count(run.files_not_affected)} not affected`].filter(Boolean).join(', ')} />
        <Tile name="tests passed" value={count(run.tests_passed)} note={run.verdict ? `of ${count(run.tests_planned)}` : 'counted at the end'} />
        <Tile name="failed" value={count(run.tests_failed)} bad={run.tests_failed > 0} />
        <Tile name="flaky" value={count(run.tests_flaky)} />
        <Tile name="lost" value={count(run.tests_lost + run.files_lost)} bad={run.tests_lost + run.files_lost > 0} note="tests and files" />
        <Tile name="took" value={run.verdict ? duration(run.wall_ms) : '…'} note={`${duration(run.cpu_us / 1000)} of processor${run.usd ? `, ${usd(run.usd)}` : ''}`} />
      </dl>
      <nav class="tabs" aria-label="of the run">
        {TABS.map((name) => <a key={name} href={`#/run/${id}/${name}`} aria-current={name === tab ? 'page' : undefined}>{name}</a>)}
      </nav>
      <Page run={run} />
    </> : <p class="note bad">There is no run {id}.</p>}</Loaded>
  )
}

export function Queues() {
  const state = useLive(async () => ({ queue: await get('queue'), dead: await get('dead') }), [], (e) => e.kind.startsWith('file-') || e.kind.startsWith('run-'))
  return (
    <Loaded state={state}>{({ queue, dead }) => <>
      <h1>Queues</h1>
      <h2>Waiting and under way</h2>
      <Table label="queue" head={['state', 'file', 'run', 'expected', 'worker', 'attempts']} empty="Nothing waits: every file of every run has its result."
        rows={queue.rows.map((job) => (
          <tr key={`${job.run}-${job.job}`}>
            <td><span class={job.state ? 'badge running' : 'badge'}>{job.state ? 'running' : 'waiting'}</span></td>
            <td>{job.file}</td><td><a href={`#/run/${job.run}`}>{project(job.dir)}</a></td>
            <td class="n">{job.expected_us ? duration(job.expected_us / 1000) : 'unknown'}</td>
            <td>{job.worker}</td><td class="n">{job.attempts}</td>
          </tr>))} />
      {queue.more && <p class="soft">The first {plural(queue.rows.length, 'file')} are shown.</p>}
      <h2>Dead letters</h2>
      <Table label="dead letters" head={['outcome', 'file', 'run', 'attempts', 'why']} empty="No file was given up."
        rows={dead.rows.map((job) => (
          <tr key={`${job.run}-${job.job}`}>
            <td><span class="badge lost">{word('outcome', job.outcome)}</span></td>
            <td>{job.file}</td><td><a href={`#/run/${job.run}`}>{project(job.dir)}</a></td>
            <td class="n">{job.attempts}</td><td class="wrap">{job.message || `${plural(job.crashes, 'crash', 'crashes')}, ${plural(job.infra, 'lost lease')}`}</td>
          </tr>))} />
    </>}</Loaded>
  )
}
