// A test marked as failing passes.
import { test } from 'vitest'

test.fails('ought to fail', () => {})
