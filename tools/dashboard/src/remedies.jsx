// What failures are called, and what became of them.
import { get, useLive } from './api.js'
import { Badge, Diff, Loaded, Run, Table } from './parts.jsx'
import { DECISIONS, plural, word } from './words.js'

const useRemedies = (view, run, kinds) =>
  useLive(() => get(view, { run }), [run], (e) => (!run || e.run === run) && kinds.includes(e.kind))

const more = (state) => state.more && <p class="soft">The first {state.rows.length} are shown; a run's own page has the rest.</p>

export function Errors({ run }) {
  const state = useRemedies('errors', run, ['error-found', 'error-labelled', 'run-settled'])
  return (
    <Loaded state={state}>{(data) => {
      const classes = new Map()
      data.rows.forEach((row) => classes.set(row.label, [...(classes.get(row.label) ?? []), row]))
      return <>
        {!run && <h1>Errors by class</h1>}
        {data.rows.length === 0 && <p class="note">No failure {run ? 'in this run' : 'in any run that is kept'}.</p>}
        {[...classes].sort(([a], [b]) => a - b).map(([label, rows]) => (
          <section key={label}>
            <h2>{label ? word('label', label) : 'not classified yet'} <span class="soft">{plural(rows.length, 'error')}</span></h2>
            {rows.sort((a, b) => b.score - a.score).map((row) => (
              <details class="card" key={`${row.run}-${row.error}`}>
                <summary>
                  <span class="badge">{row.score}</span> <strong>{row.test || row.file}</strong>
                  <span class="soft"> {row.file}{row.line > 0 && `:${row.line}`} · {row.label ? `${Math.round(row.confidence * 100)} % sure` : 'waits for the classifier'}{row.occurrences > 1 && ` · ${row.occurrences} with this cause`}{row.is_new ? ' · new' : ''}</span>
                </summary>
                <p class="soft">Run <Run id={row.run} />, error {row.error}, cause <code>{row.cause}</code>, routed to {row.queue || 'nobody yet'}. Wrong class? <code>troupe errors teach {row.cause} CLASS</code></p>
                {row.why && <pre tabIndex={0} aria-label="why this class">{row.why}</pre>}
                <pre tabIndex={0} aria-label="message">{row.message || 'no message'}</pre>
              </details>))}
          </section>))}
        {more(data)}
      </>
    }}</Loaded>
  )
}

function Fix({ fix, run }) {
  return (
    <details class="card" open={fix.status !== 4}>
      <summary>
        <Badge kind="fix" number={fix.status} /> <strong>{fix.test || fix.file}</strong>
        <span class="soft"> {fix.source && `by ${fix.source} · `}{plural(fix.candidates, 'candidate')} · votes {fix.votes_for} for, {fix.votes_against} against{fix.decision ? ` · ${DECISIONS[fix.decision]}` : ''}</span>
      </summary>
      {!run && <p class="soft">Run <Run id={fix.run} />, error {fix.error}, {fix.file}</p>}
      {fix.reason && <p>{fix.reason}</p>}
      <Diff text={fix.diff} />
      {fix.message && <details><summary>the failure</summary><pre tabIndex={0} aria-label="message">{fix.message}</pre></details>}
      {fix.tried.length > 0 && <Table label={`what was tried for error ${fix.error} of ${fix.run}`} head={['tried', 'votes', 'proof', 'why']} rows={fix.tried.map((one) => (
        <tr key={one.place}>
          <td>{one.source}<details><summary>diff</summary><Diff text={one.diff} /></details></td>
          <td class="n">{one.votes}</td>
          <td>{one.proof ? `${word('proof', one.proof)}, ${one.passes} of ${one.proofs}` : 'not tried'}</td>
          <td class="wrap">{one.reason}</td>
        </tr>))} />}
    </details>
  )
}

export function Fixes({ run }) {
  const state = useRemedies('fixes', run, ['fix', 'fix-decided'])
  return (
    <Loaded state={state}>{(data) => <>
      {!run && <h1>Fixes</h1>}
      {data.rows.length === 0 && <p class="note">No fix was looked for{run ? ' in this run: nothing failed that can be fixed, or run.fix is off' : ' yet'}.</p>}
      {data.rows.map((fix) => <Fix key={`${fix.run}-${fix.error}`} fix={fix} run={run} />)}
      {more(data)}
    </>}</Loaded>
  )
}

export function Heals({ run }) {
  const state = useRemedies('heals', run, ['heal'])
  return (
    <Loaded state={state}>{(data) => <>
      {!run && <h1>Healed selectors</h1>}
      {data.rows.length === 0 && <p class="note">No locator was broken{run ? ' in this run' : ''}, or run.heal is off. Only browser tests have locators.</p>}
      {data.rows.map((heal) => (
        <details class="card" key={`${heal.run}-${heal.error}`} open>
          <summary><Badge kind="heal" number={heal.status} /> <strong>{heal.test}</strong>
            <span class="soft"> {heal.file}{heal.line > 0 && `:${heal.line}`} · {Math.round(heal.confidence * 100)} % sure</span></summary>
          <dl class="pair">
            <dt>before</dt><dd><code class="removed">{heal.before || '–'}</code></dd>
            <dt>after</dt><dd><code class="added">{heal.after || 'none'}</code></dd>
          </dl>
          {heal.reason && <p>{heal.reason}</p>}
          <Diff text={heal.diff} />
          {!run && <p class="soft">Run <Run id={heal.run} />, error {heal.error}</p>}
        </details>))}
      {more(data)}
    </>}</Loaded>
  )
}
