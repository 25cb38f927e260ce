// @vitest-environment no-such-environment
// The worker cannot be set up.
import { test } from 'vitest'

test('never runs', () => {})
