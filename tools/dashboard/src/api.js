// What the gateway tells: pages of views, the status, and that something has happened.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

export class Refused extends Error {
  constructor(status, text) {
    super(text)
    this.status = status
  }
}

async function read(answer) {
  const body = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Refused(answer.status, body.error ?? `the gateway says ${answer.status}`)
  return body
}

export async function get(view, query = {}) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString()
  return read(await fetch(`/api/${view}${text && '?'}${text}`))
}

export async function post(what, body = '') {
  return read(await fetch(`/api/${what}`, { method: 'POST', body, headers: { 'X-Troupe': '1' } }))
}

// ---- what has happened ----

const listeners = new Set()
let source = null

async function listen() {
  const { next } = await get('head')
  source = new EventSource(`/events?after=${next}`)
  source.onmessage = (message) => {
    const events = JSON.parse(message.data)
    listeners.forEach((heard) => heard(events))
  }
}

// Calls `heard` with each list of new events while the component is there.
export function useEvents(heard) {
  const latest = useRef(heard)
  latest.current = heard
  useEffect(() => {
    const call = (events) => latest.current(events)
    listeners.add(call)
    if (!source) {
      source = {} // begun: others need not
      listen().catch(() => { source = null })
    }
    return () => listeners.delete(call)
  }, [])
}

// ---- a page that stays current ----

// The answer to `load`, loaded again after events that `concerns` it, one request at a time.
export function useLive(load, dependencies, concerns = () => true) {
  const [state, setState] = useState({ data: null, error: null })
  const at = useRef({ busy: false, again: false, life: 0 })
  const reload = useCallback(async () => {
    const now = at.current
    if (now.busy) {
      now.again = true
      return
    }
    now.busy = true
    const life = now.life
    try {
      const data = await load()
      if (life === now.life) setState({ data, error: null })
    } catch (error) {
      if (life === now.life) setState((old) => ({ ...old, error }))
    }
    now.busy = false
    if (now.again) {
      now.again = false
      reload()
    }
  }, dependencies)
  useEffect(() => {
    at.current.life++
    at.current.again = at.current.busy
    reload()
  }, [reload])
  useEvents((events) => events.some(concerns) && reload())
  return { ...state, reload }
}
