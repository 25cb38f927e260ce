// The processes, what lives in them, what joins them; and what they cost.
import { useEffect, useState } from 'preact/hooks'
import { get, useLive } from './api.js'
import { Loaded, Table, Tile } from './parts.jsx'
import { BUDGETS, count, duration, plural, usd, word } from './words.js'

const MOST = 256 // of one list
const EVERY_MS = 5000

// Rows that are told one by one; `next` makes the query behind a row.
async function all(view, query, next) {
  const rows = []
  for (let more = true; more && rows.length < MOST;) {
    const page = await get(view, query)
    rows.push(...page.rows)
    more = page.more
    if (more) query = next(page.rows[0], rows.length)
  }
  return rows
}

function Inside({ node }) {
  const state = useLive(async () => ({
    actors: await all('actors', { word: node }, (actor) => ({ word: node, after: actor.id })),
    links: await all('links', { word: node }, (_, done) => ({ word: node, after: done })),
  }), [node], () => false)
  return (
    <Loaded state={state}>{({ actors, links }) => <>
      <Table label={`actors of ${node}`} head={['actor', 'state', 'queued', 'handled', 'crashes', 'quiet for']} empty="No actor."
        rows={actors.map((actor) => <tr key={actor.id}><td>{actor.name || '(not begun)'}</td><td>{word('actor', actor.state)}</td>
          <td class="n">{count(actor.queued)}</td><td class="n">{count(actor.handled)}</td><td class="n">{actor.restarts}</td><td class="n">{duration(actor.quiet_ms)}</td></tr>)} />
      <Table label={`links of ${node}`} head={['link with', 'sent', 'received', 'queued', 'lost', 'holes', 'silent for']} empty="It has no link."
        rows={links.map((link) => <tr key={link.peer}><td>{link.peer}</td><td class="n">{count(link.sent)}</td><td class="n">{count(link.received)}</td>
          <td class="n">{count(link.queued)}</td><td class={link.lost ? 'n failed' : 'n'}>{count(link.lost)}</td><td class={link.gaps ? 'n failed' : 'n'}>{count(link.gaps)}</td><td class="n">{duration(link.silence_ms)}</td></tr>)} />
    </>}</Loaded>
  )
}

function Process({ node }) {
  const [open, setOpen] = useState(false)
  const how = node.silent ? 'silent' : node.draining ? 'draining' : 'up'
  return (
    <details class="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class={`badge ${how === 'up' ? 'passed' : how === 'silent' ? 'failed' : 'flaky'}`}>{how}</span> <strong>{node.node}</strong>
        <span class="soft"> {node.roles.join(', ')} · up {duration(node.uptime_ms)} · {plural(node.actors, 'actor')} · {count(node.queued)} queued
          {' '}· {Math.round(node.rss_bytes / 1048576)} MiB · {duration(node.cpu_us / 1000)} of processor · {plural(node.links, 'link')}
          {node.restarts > 0 && ` · ${plural(node.restarts, 'crash', 'crashes')}`}</span>
      </summary>
      {open && <Inside node={node.node} />}
    </details>
  )
}

export function Fleet() {
  const state = useLive(() => all('nodes', {}, (node) => ({ word: node.node })), [], () => false)
  useEffect(() => {
    const timer = setInterval(state.reload, EVERY_MS)
    return () => clearInterval(timer)
  }, [state.reload])
  return (
    <Loaded state={state}>{(nodes) => <>
      <h1>Fleet</h1>
      <p class="soft">{plural(nodes.length, 'process', 'processes')}, those linked with the coordinator's. Open one for its actors and links.</p>
      {nodes.map((node) => <Process key={node.node} node={node} />)}
    </>}</Loaded>
  )
}

export function Costs() {
  const state = useLive(async () => ({ status: await get('status'), months: (await get('months')).rows }), [], (e) => e.kind === 'run-closed')
  return (
    <Loaded state={state}>{({ status, months }) => <>
      <h1>Costs</h1>
      {status.paid ? <dl class="tiles">
        <Tile name="spent this month" value={usd(status.spent_usd)} />
        <Tile name="forecast" value={usd(status.forecast_usd)} note="of the whole month, fixed costs included" />
        <Tile name="of the budget" value={`${Math.round(status.budget_used * 100)} %`} bad={status.budget_used > 1} />
        <Tile name="what it allows" value={BUDGETS[status.budget] ?? status.budget} bad={status.budget > 0} />
      </dl> : <p class="note">Nothing is paid for: cost.instance is not set, so machines count as your own.</p>}
      <h2>Months</h2>
      <Table label="months" head={['month', 'slots were there for', 'cost']} empty="No month is known yet: they are counted where instances are paid for."
        rows={months.map((row) => <tr key={row.month}><td>{Math.floor(row.month / 12)}-{String((row.month % 12) + 1).padStart(2, '0')}</td>
          <td class="n">{duration(row.slot_us / 1000)}</td><td class="n">{usd(row.usd)}</td></tr>)} />
    </>}</Loaded>
  )
}
