// The setup file of this project throws.
import { test } from 'vitest'

test('never runs', () => {})
