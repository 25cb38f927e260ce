// A test is declared, then the file fails.
import { test } from 'vitest'

test('never runs', () => {})
throw new Error('while loading')
