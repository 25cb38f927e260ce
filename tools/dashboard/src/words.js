// Numbers as people read them.
import terms from 'virtual:terms'

export const word = (kind, number) => terms[kind]?.[number] ?? (number ? `${kind} ${number}` : '')

export const DECISIONS = ['', 'being applied', 'applied', 'rejected', 'being reverted', 'reverted']
export const BUDGETS = ['open', 'fewer instances', 'spot only', 'selected runs only', 'all runs wait']

export function duration(ms) {
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.floor(minutes / 1440)} d ${Math.floor(minutes / 60) % 24} h`
}

export const count = (number) => (number ?? 0).toLocaleString('en')
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`
export const clock = (ms) => new Date(ms).toLocaleTimeString('en-GB')
export const day = (ms) => new Date(ms).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
export const usd = (number) => `$${number.toFixed(number < 1 ? 4 : 2)}`
export const project = (dir) => dir.split('/').filter(Boolean).pop() ?? dir

// One event in a sentence.
export function sentence(event) {
  const { kind, number, value, who, text } = event
  switch (kind) {
    case 'run-accepted': return `run of ${text}`
    case 'run-planned': return `${plural(number, 'file')} planned${who && `, ${who}`}`
    case 'run-closed': return `run ${word('verdict', value)}${text && `: ${text}`}`
    case 'run-settled': return 'nothing more becomes of its errors'
    case 'run-reported': return `reported to ${who}`
    case 'file-started': return `${text} given to ${who}`
    case 'file-requeued': return `${text} waits again`
    case 'file-done': return `${text} ${word('status', value)}${who && ` on ${who}`}`
    case 'error-found': return `error ${number} in ${text}`
    case 'error-labelled': return `error ${number} is ${word('label', value)}, to ${who}`
    case 'fix': return `fix of error ${number} ${word('fix', value)}${who && ` by ${who}`}${text && `: ${text}`}`
    case 'heal': return `locator of error ${number} in ${who} ${word('heal', value)}`
    case 'fix-decided': return `fix of error ${number} ${DECISIONS[value] ?? value}`
    default: return text
  }
}
