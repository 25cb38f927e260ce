// The dashboard: who may see it, where one is, what is shown.
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { get, post, useEvents, useLive } from './api.js'
import { Events, Overview } from './overview.jsx'
import { Costs, Fleet } from './fleet.jsx'
import { Loaded } from './parts.jsx'
import { Errors, Fixes, Heals } from './remedies.jsx'
import { Queues, RunPage } from './run.jsx'
import './style.css'

const EVENTS_MAX = 200

function useRoute() {
  const read = () => location.hash.replace(/^#\/?/, '').split('/')
  const [route, setRoute] = useState(read)
  useEffect(() => {
    const changed = () => {
      setRoute(read())
      document.getElementById('main')?.focus()
    }
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return route
}

function Login({ onDone }) {
  const [error, setError] = useState('')
  async function submit(event) {
    event.preventDefault()
    try {
      await post('login', new FormData(event.target).get('token').trim())
      onDone()
    } catch (refused) {
      setError(refused.message)
    }
  }
  return (
    <main class="login" id="main">
      <h1>Troupe</h1>
      <form onSubmit={submit}>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="current-password" autofocus required
          aria-describedby="hint" aria-invalid={error ? 'true' : undefined} />
        <p id="hint" class="soft">It is in the file that gateway.dashboard_token_file names.</p>
        {error && <p class="bad" role="alert">{error}</p>}
        <button>Log in</button>
      </form>
    </main>
  )
}

function EventsPage({ events }) {
  const state = useLive(async () => {
    const { next } = await get('head')
    return get('events', { after: Math.max(0, next - 300) })
  }, [])
  return (
    <Loaded state={state}>{({ rows }) => <>
      <h1>Events</h1>
      <p class="soft">The latest, newest first. <code>troupe events --follow</code> tells them in a terminal, <code>GET /events</code> to programs.</p>
      <Events events={[...new Map([...rows, ...events].map((e) => [e.no, e])).values()].sort((a, b) => b.no - a.no).slice(0, 300)}
        empty="Nothing has happened yet: no run was accepted." />
    </>}</Loaded>
  )
}

const PAGES = [['', 'Overview', Overview], ['errors', 'Errors', Errors], ['fixes', 'Fixes', Fixes],
  ['heals', 'Selectors', Heals], ['queues', 'Queues', Queues],
  ['fleet', 'Fleet', Fleet], ['costs', 'Costs', Costs], ['events', 'Events', EventsPage]]

function Dashboard({ onOut }) {
  const [place, ...rest] = useRoute()
  const [events, setEvents] = useState([])
  useEvents((more) => setEvents((old) => [...more.slice().reverse(), ...old].slice(0, EVENTS_MAX)))
  const Page = PAGES.find(([name]) => name === place)?.[2]
  useEffect(() => {
    document.title = `${PAGES.find(([name]) => name === place)?.[1] ?? 'Run'} · Troupe`
  }, [place])
  return <>
    <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main').focus() }}>to the content</a>
    <header>
      <a class="logo" href="#/">Troupe</a>
      <nav aria-label="pages">
        {PAGES.map(([name, text]) => <a key={name} href={`#/${name}`} aria-current={name === place ? 'page' : undefined}>{text}</a>)}
      </nav>
      <button onClick={() => post('logout').finally(onOut)}>Log out</button>
    </header>
    <main id="main" tabIndex={-1}>
      {place === 'run' ? <RunPage key={rest[0]} id={rest[0]} tab={rest[1]} /> :
        Page ? <Page key={place} events={events} /> : <p class="note">There is no such page.</p>}
    </main>
  </>
}

function App() {
  const [known, setKnown] = useState(null) // may we look?  null: not asked yet
  const [error, setError] = useState('')
  const ask = () => get('head').then(() => setKnown(true), (refused) => {
    setError(refused.message)
    setKnown(refused.status !== 401 && refused.status !== 403)
  })
  useEffect(() => { ask() }, [])
  if (known === null) return null
  if (!known && error.includes('token_file')) return <main class="login"><h1>Troupe</h1><p class="note bad">{error}</p></main>
  return known ? <Dashboard onOut={() => location.reload()} /> : <Login onDone={ask} />
}

render(<App />, document.getElementById('app'))
